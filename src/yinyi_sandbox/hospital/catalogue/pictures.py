"""Pictures of examinations, drawn by rule: nobody's, and the same every time. They only look as if."""

import io
import math
from collections.abc import Callable, Iterator
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFilter

from yinyi_sandbox.hospital.dice import Dice

_SIDE = 420
Ink = int | tuple[int, int, int]


def pictures() -> Iterator[tuple[str, int, str, str, bytes]]:
    """Modality, number, caption, English caption, and the file."""
    for modality, nth, caption, caption_en, draw in _DRAWN:
        image = draw(nth)
        data = io.BytesIO()
        if modality == "ECG":
            image.save(data, "PNG", optimize=True)
        else:
            image.save(data, "JPEG", quality=80)
        yield modality, nth, caption, caption_en, data.getvalue()


def _plain(ink: Ink, mode: str = "L", high: int = _SIDE) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new(mode, (_SIDE, high), ink)
    return image, ImageDraw.Draw(image)


def _x_ray(nth: int) -> Image.Image:
    image, draw = _plain(12)
    draw.ellipse((60, 10, 360, 480), fill=120)
    if nth == 1:
        for left in (92, 226):
            draw.ellipse((left, 80, left + 104, 330), fill=40)
        draw.ellipse((170, 210, 270, 330), fill=165)
    else:
        draw.ellipse((110, 70, 300, 350), fill=45)
        draw.ellipse((110, 220, 220, 340), fill=150)
    for rib in range(7):
        top = 70 + 36 * rib
        for start, end in ((160, 300), (240, 380)):
            draw.arc((78, top, 342, top + 120), start, end, fill=96, width=7)
    draw.rectangle((196, 20, 222, 400) if nth == 1 else (300, 30, 326, 400), fill=190)
    return image.filter(ImageFilter.GaussianBlur(4))


def _slice(nth: int) -> Image.Image:
    image, draw = _plain(8)
    squeeze = 8 * nth
    draw.ellipse((30, 70 + squeeze, 390, 350 - squeeze), fill=150)
    draw.ellipse((46, 86 + squeeze, 374, 334 - squeeze), fill=92)
    draw.ellipse((66, 110, 230 - squeeze, 280), fill=128)
    draw.ellipse((250, 130 + squeeze, 340, 240), fill=112)
    draw.ellipse((186, 250, 234, 312), fill=225)
    draw.ellipse((110 + squeeze, 160, 130 + squeeze, 178), fill=60)
    return image.filter(ImageFilter.GaussianBlur(3))


def _resonance(nth: int) -> Image.Image:
    image, draw = _plain(4)
    draw.ellipse((70, 30, 350, 390), fill=205)
    draw.ellipse((88, 50, 332, 372), fill=118)
    for turn in range(24):
        angle = turn * math.pi / 12 + nth
        at = (210 + 96 * math.cos(angle), 210 + 126 * math.sin(angle))
        draw.ellipse((at[0] - 22, at[1] - 16, at[0] + 22, at[1] + 16), fill=86 + 5 * (turn % 5))
    draw.line((210, 52, 210, 370), fill=40, width=4)
    for side in (-1, 1):
        draw.ellipse((210 + side * 36 - 18, 160, 210 + side * 36 + 18, 236), fill=30)
    return image.filter(ImageFilter.GaussianBlur(3))


def _echo(nth: int) -> Image.Image:
    dice = Dice(nth)
    image, draw = _plain(0)
    draw.pieslice((-60, -180, 480, 390), 50, 130, fill=46)
    for _ in range(5200):
        angle, far = math.radians(50 + dice.below(800) / 10), 40 + dice.below(245)
        at = (210 + far * math.cos(angle), 105 + far * math.sin(angle))
        draw.point(at, fill=60 + dice.below(140))
    draw.ellipse((150 + 20 * nth, 210, 230 + 20 * nth, 262), fill=10, outline=150)
    return image.filter(ImageFilter.GaussianBlur(1.4))


def _trace(nth: int) -> Image.Image:
    image, draw = _plain((255, 246, 242), "RGB", 300)
    for step in range(0, _SIDE, 10):
        ink = (244, 190, 180) if step % 50 == 0 else (251, 224, 217)
        draw.line((step, 0, step, 300), fill=ink)
        draw.line((0, step, _SIDE, step), fill=ink)
    for lead in range(3):
        middle = 60 + 90 * lead
        points = [(at, middle - _beat(at % 92 / 92) * (26 + 8 * lead)) for at in range(_SIDE)]
        for one, other in pairwise(points):
            draw.line((*one, *other), fill=(20, 30, 40), width=2)
    return image.quantize(32)


def _beat(part: float) -> float:
    """One heartbeat, from 0 to 1, as high as its R wave is."""
    waves = ((0.18, 0.028, 0.16), (0.34, 0.008, -0.14), (0.37, 0.010, 1.0), (0.40, 0.010, -0.24), (0.62, 0.045, 0.28))
    return sum(high * math.exp(-(((part - at) / wide) ** 2)) for at, wide, high in waves)


def _scope(nth: int) -> Image.Image:
    image, draw = _plain((8, 6, 6), "RGB")
    for ring in range(60):
        part = ring / 60
        box = (20 + 3 * ring, 20 + 3 * ring, 400 - 3 * ring, 400 - 3 * ring)
        draw.ellipse(box, fill=(int(206 - 110 * part), int(112 - 70 * part), int(96 - 62 * part)))
    for fold in range(4):
        inset = 50 + 34 * fold + 6 * nth
        draw.arc((inset, inset, 420 - inset, 420 - inset), 20 * fold, 150 + 30 * fold, fill=(224, 150, 130), width=5)
    return image.filter(ImageFilter.GaussianBlur(2))


_DRAWN: tuple[tuple[str, int, str, str, Callable[[int], Image.Image]], ...] = (
    ("DX", 1, "正位", "Front view", _x_ray),
    ("DX", 2, "侧位", "Side view", _x_ray),
    ("CT", 1, "横断面 第12层", "Axial, slice 12", _slice),
    ("CT", 2, "横断面 第18层", "Axial, slice 18", _slice),
    ("CT", 3, "横断面 第24层", "Axial, slice 24", _slice),
    ("MR", 1, "T1加权 横断面", "T1, axial", _resonance),
    ("MR", 2, "T2加权 横断面", "T2, axial", _resonance),
    ("US", 1, "长轴切面", "Long axis", _echo),
    ("US", 2, "短轴切面", "Short axis", _echo),
    ("ECG", 1, "Ⅰ Ⅱ Ⅲ 导联", "Leads I, II, III", _trace),
    ("ES", 1, "近景", "Close view", _scope),
    ("ES", 2, "远景", "Far view", _scope),
)
