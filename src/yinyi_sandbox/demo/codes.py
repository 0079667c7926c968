"""Reading a code off a picture, as a phone's camera or a counter's scanner does."""

import io

import zxingcpp
from PIL import Image, UnidentifiedImageError

_MOST_PIXELS = 8_000_000


def read_code(picture: bytes) -> str:
    """What the QR code in the picture says; empty where there is none to be read."""
    try:
        image = Image.open(io.BytesIO(picture), formats=["PNG"])
        if image.width * image.height > _MOST_PIXELS:
            return ""
        grey = image.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""
    found = [code for code in zxingcpp.read_barcodes(grey) if code.format == zxingcpp.BarcodeFormat.QRCode]
    return found[0].text if found else ""
