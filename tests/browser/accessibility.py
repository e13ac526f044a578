"""What axe-core objects to on a page."""

from axe_playwright_python.sync_playwright import Axe
from opening import Opened


def violations(opened: Opened, within: str | None = None) -> list[str]:
    """The rules that are broken, where, and why; on the whole page or within one element."""
    found = Axe().run(opened.page, context=within).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]}: {node['failureSummary'][:300]}"
        for rule in found
        for node in rule["nodes"][:5]
    ]
