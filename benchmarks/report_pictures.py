"""The pictures of the report in docs/images: each section of the built-in data, by chromium.

Run ``python -m benchmarks.report_pictures``. It needs the extra ``[browser]`` and chromium.
"""

import io
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from recsys import builtin_ratings, write_report
from recsys.report.sections import SECTIONS

IMAGES = Path(__file__).parents[1] / "docs/images"

# Name, width of the window, and its looks. A4 paper is 794 pixels wide.
VIEWS: tuple[tuple[str, int, dict[str, str]], ...] = (
    ("", 1280, {"media": "screen", "color_scheme": "light"}),
    ("-dark", 1280, {"media": "screen", "color_scheme": "dark"}),
    ("-phone", 360, {"media": "screen", "color_scheme": "light"}),
    ("-print", 794, {"media": "print", "color_scheme": "light"}),
)

# Longer sections are cut.
TALLEST = 2400

# Stars that a visitor gives, for the picture of the section that asks for them.
STARS = "#rate=5410:5,2115:1.5,25:4.5"

# Steps of the notebook that are unfolded.
N_STEPS = 2
UNFOLD = (
    f"[...document.querySelectorAll('.step')].slice(0, {N_STEPS}).forEach(one => one.open = true)"
)


def save(png: bytes, path: Path) -> None:
    """Save a picture with 128 colors, cut at TALLEST pixels."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
    picture.quantize(128).save(path, optimize=True)


def write(browser: Any, page_file: Path) -> None:
    for suffix, width, looks in VIEWS:
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.emulate_media(**looks)
        page.goto(page_file.as_uri())
        save(page.screenshot(), IMAGES / f"report{suffix}.png")
        page.goto(page_file.as_uri() + STARS)
        page.evaluate(UNFOLD)
        page.wait_for_timeout(300)
        for name in SECTIONS:
            section = page.locator(f"section#{name}")
            save(section.screenshot(), IMAGES / f"report-{name}{suffix}.png")
        page.close()


if __name__ == "__main__":
    from playwright.sync_api import sync_playwright  # not every environment has it

    program = shutil.which("chromium")
    with TemporaryDirectory() as folder, sync_playwright() as driver:
        report = write_report(
            builtin_ratings(), Path(folder) / "report.html", command="recsys report"
        )
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        write(browser, report)
        browser.close()
