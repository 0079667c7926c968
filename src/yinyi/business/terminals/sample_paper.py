"""The paper by which staff see that a printer works: its whole width, its blacks and greys, and its cutter."""

from PIL import Image, ImageDraw, ImageFont

from yinyi.wire.receipt import DOTS, encode_receipt

_ROWS = 420
_STEP = 8


def sample_paper(terminal_id: str, nth: int) -> bytes:
    """The bytes for a printer of receipts, the same whenever they are asked for. ``nth``: a number to tell it by."""
    page = Image.new("1", (DOTS, _ROWS), 1)
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, DOTS - 1, _ROWS - 1), outline=0, width=2)
    draw.text((24, 24), f"TEST  {terminal_id}", fill=0, font=ImageFont.load_default(size=56))
    draw.text((24, 104), f"No. {nth}", fill=0, font=ImageFont.load_default(size=40))
    for column in range(0, DOTS, 2 * _STEP):
        draw.rectangle((column, 180, column + _STEP - 1, 250), fill=0)
    for shade in range(_STEP):
        left, right = shade * DOTS // _STEP, (shade + 1) * DOTS // _STEP - 1
        for row in range(270, 340, shade + 1):
            draw.line((left, row, right, row), fill=0)
    draw.rectangle((24, 360, DOTS - 25, 396), fill=0)
    return encode_receipt(page)
