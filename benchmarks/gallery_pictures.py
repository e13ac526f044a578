"""The pictures of docs/gallery.md that show a page of the built site: the page's own, made smaller.

Run ``python -m benchmarks.gallery_pictures SITE``. ``learn-starts-2.png`` is the second picture of
``learn/starts.html``. The playground is drawn by chromium, from the extra ``[browser]``.
"""

import io
import re
import shutil
import sys
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).parents[1] / "docs"
FOLDER = DOCS / "images/gallery"
WIDTH = 640


def picture(site: Path, name: str) -> Image.Image:
    """The picture that a name such as ``learn-starts-2`` stands for."""
    if name == "learn-playground":
        return playground(site)
    folder, page, number = re.fullmatch(r"(learn|how-to)-(.+)-(\d)", name).groups()
    html = (site / folder / f"{page}.html").read_text(encoding="utf-8")
    paths = re.findall(r'<img[^>]* src="\.\./(_images/[^"]+)"', html)
    return Image.open(site / paths[int(number) - 1])


def playground(site: Path) -> Image.Image:
    from playwright.sync_api import sync_playwright  # not every environment has it

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(
            (site.absolute() / "learn/playground.html").as_uri() + "#data=far&k=4&start=bad&step=2"
        )
        png = page.screenshot()
        browser.close()
    return Image.open(io.BytesIO(png))


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    names = re.findall(r"images/gallery/([\w-]+)\.png", (DOCS / "gallery.md").read_text("utf-8"))
    for name in names:
        image = picture(Path(sys.argv[1]), name).convert("RGB")
        image.thumbnail((WIDTH, WIDTH))
        image.quantize(128).save(FOLDER / f"{name}.png", optimize=True)
        print(f"wrote {name}.png, {image.width} x {image.height}")
