"""A picture of all pages side by side.

``python tests/journeys/contact_sheet.py OUT.png [NAME…] [--look mode=elder] [--shape landscape]``
"""

import argparse
import io
from pathlib import Path

from browsers import SHAPES, opened_gallery
from PIL import Image
from samples import SAMPLES

WIDTH = 360


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--look", action="append", default=[])
    parser.add_argument("--shape", default="portrait", choices=SHAPES)
    parser.add_argument("--columns", type=int, default=7)
    parser.add_argument("--width", type=int, default=WIDTH)
    args = parser.parse_args()
    width, height = SHAPES[args.shape]
    with opened_gallery() as (base, browser):
        page = browser.new_page(viewport={"width": width, "height": height})
        shots: list[Image.Image] = []
        for name in args.names or SAMPLES:
            page.goto(f"{base}/{name}?{'&'.join(args.look)}")
            page.evaluate("document.fonts.ready")
            shots.append(Image.open(io.BytesIO(page.screenshot(animations="disabled"))))
    sheet = _sheet(shots, args.columns, args.width)
    sheet.quantize(256, method=Image.Quantize.FASTOCTREE).save(args.out, optimize=True)


def _sheet(shots: list[Image.Image], columns: int, width: int) -> Image.Image:
    columns = min(columns, len(shots))
    height = round(shots[0].height * width / shots[0].width)
    rows = -(-len(shots) // columns)
    gap = 16
    sheet = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), "#c9d6d6")
    for n, shot in enumerate(shots):
        at = (gap + n % columns * (width + gap), gap + n // columns * (height + gap))
        sheet.paste(shot.resize((width, height), Image.Resampling.LANCZOS), at)
    return sheet


if __name__ == "__main__":
    main()
