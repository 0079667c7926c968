"""QR codes as SVG: level M, quiet zone of four modules."""

from functools import lru_cache
from io import BytesIO

import segno


@lru_cache(maxsize=512)
def qr_svg(text: str) -> str:
    """Markup without a size; the style sheet gives it one. Kept, because a page asks for the same one several times."""
    out = BytesIO()
    code = segno.make(text, error="m", micro=False, boost_error=False)
    code.save(out, kind="svg", xmldecl=False, svgns=False, border=4, omitsize=True, svgclass=None)
    return out.getvalue().decode()
