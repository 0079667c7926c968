"""Slips on paper: ``slip.typ`` set by typst with the print font, as a 576-pixel image and as a printer's bytes."""

import hashlib
import io
import queue
from collections.abc import Callable
from datetime import tzinfo
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import segno
import typst
from PIL import Image

from yinyi.business.documents.layout import blocks, clean
from yinyi.business.documents.model import RenderedSlip, SlipData
from yinyi.wire.receipt import DOTS, DOTS_PER_MM, MAX_ROWS, encode_receipt

_TEMPLATE = Path(__file__).with_name("slip.typ")
_WEIGHTS = ("500Medium", "700Bold")
_PPI = 203.2
_INK_BELOW = 150
"""Grey from here on stays white: slightly bolder than the outline, as thermal heads print a little thin."""
_TO_INK = [0] * _INK_BELOW + [255] * (256 - _INK_BELOW)
_QR_DOTS = 200
"""About as wide as a QR code gets, without its quiet zone of four modules."""
_WAIT_S = 20


class SlipNotRendered(Exception):
    """The slip could not be set: fonts missing, too long for paper, or too many slips at once."""


def font_folder(start: Path = _TEMPLATE) -> Path:
    """The print font that ``npm ci`` brought, in the nearest ``node_modules`` above this file.

    Raises:
        SlipNotRendered: it is not there.
    """
    for above in start.resolve().parents:
        folder = above / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
        if folder.is_dir():
            return folder
    raise SlipNotRendered("the print font is missing: run `npm ci` in the project's folder")


def font_folders(fonts: Path) -> list[Path]:
    """Of the weights that papers are set in.

    Raises:
        SlipNotRendered: one of them is missing.
    """
    folders = [fonts / weight for weight in _WEIGHTS]
    if missing := [str(folder) for folder in folders if not any(folder.glob("*.ttf"))]:
        raise SlipNotRendered(f"the print font is missing: {', '.join(missing)}")
    return folders


@cache
def print_fonts(fonts: Path) -> typst.Fonts:
    """The faces that papers are set in, opened once for slips and sheets.

    Raises:
        SlipNotRendered: one of them is missing.
    """
    folders = font_folders(fonts)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


class Compilers:
    """Of one template; at most so many of them work at once, whoever asks. A compiler keeps its template and fonts."""

    def __init__(self, template: Path, fonts: Path, how_many: int) -> None:
        self._template = template
        self._fonts = print_fonts(fonts)
        self._idle: queue.LifoQueue[typst.Compiler | None] = queue.LifoQueue()
        for _ in range(how_many):
            self._idle.put(None)

    def png(self, inputs: dict[str, str]) -> bytes:
        """One page, at the printer's resolution.

        Raises:
            SlipNotRendered: see there.
        """
        return self._made(lambda compiler: compiler.compile(format="png", ppi=_PPI, sys_inputs=inputs))

    def pdf(self, inputs: dict[str, str]) -> bytes:
        """All pages.

        Raises:
            SlipNotRendered: see there.
        """
        return self._made(lambda compiler: compiler.compile(format="pdf", sys_inputs=inputs))

    def _made(self, compiled: Callable[[typst.Compiler], object]) -> bytes:
        try:
            compiler = self._idle.get(timeout=_WAIT_S)
        except queue.Empty as error:
            raise SlipNotRendered("too many papers at once") from error
        try:
            if compiler is None:
                compiler = typst.Compiler(self._template, root=self._template.parent, font_paths=self._fonts)
            paper = compiled(compiler)
        except typst.TypstError as error:
            raise SlipNotRendered(error.message) from error
        finally:
            self._idle.put(compiler)
        if not isinstance(paper, bytes):
            raise SlipNotRendered("more than one page")
        return paper


class SlipRenderer:
    """Renders slips; any number of threads may ask, at most ``compilers`` work at once.

    A compiler keeps its template and fonts: the first slip takes some 100 ms, each further one about ten.
    """

    def __init__(self, fonts: Path, zone: tzinfo, compilers: int = 2) -> None:
        self._zone = zone
        self._compilers = Compilers(_TEMPLATE, fonts, compilers)

    def render(self, slip: SlipData) -> RenderedSlip:
        """The slip as image and bytes. The same slip has the same digest.

        Raises:
            SlipNotRendered: see there.
        """
        image = inked(self._typeset(slip))
        png = io.BytesIO()
        image.save(png, "PNG", compress_level=2)
        return RenderedSlip(
            png=png.getvalue(),
            receipt=encode_receipt(image),
            digest=hashlib.sha256(image.tobytes()).hexdigest(),
        )

    def _typeset(self, slip: SlipData) -> bytes:
        return self._compilers.png({"slip": slip_json(slip, self._zone)})


def inked(png: bytes) -> Image.Image:
    """What a receipt printer prints of it.

    Raises:
        SlipNotRendered: it does not fit the paper.
    """
    grey = Image.open(io.BytesIO(png)).convert("L")
    if grey.width != DOTS or grey.height > MAX_ROWS:
        raise SlipNotRendered(f"{grey.width} × {grey.height} pixels do not fit the paper")
    return grey.point(_TO_INK).convert("1", dither=Image.Dither.NONE)


def slip_json(slip: SlipData, zone: tzinfo) -> str:
    """What ``slip.typ`` is given."""
    data = {"lang": slip.language[:2], "blocks": blocks(slip, zone), "qr": qr_svg(slip.qr)}
    return msgspec.json.encode(data).decode()


def qr_svg(text: str) -> dict[str, Any]:
    """A QR code, level M, without its quiet zone; a module is a whole number of dots, at least four (0.5 mm)."""
    code = segno.make_qr(clean(text, 200), error="m", boost_error=False)
    modules = code.symbol_size(border=0)[0]
    svg = io.BytesIO()
    code.save(svg, kind="svg", border=0, xmldecl=False, svgns=True)
    dots = max(4, round(_QR_DOTS / modules))
    return {"svg": svg.getvalue().decode(), "modules": modules, "module-mm": dots / DOTS_PER_MM}
