"""Slips as they come out of the printer: sizes, glyphs, codes, secrets kept, and text that stays text."""

import io
import re
import string
import unicodedata
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
import typst
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kiosk_platform import CARDIOLOGY
from PIL import Image, ImageChops, ImageDraw, ImageFont
from slip_samples import (
    CARD,
    PAYMENT_NO,
    ZONE,
    at,
    checking,
    every_slip,
    glyphs,
    hold,
    refund,
    registration,
    rows,
    visit,
)

from yinyi.business.documents import render
from yinyi.business.documents.model import RenderedSlip, SlipData
from yinyi.business.documents.render import SlipNotRendered, SlipRenderer, font_folder, slip_json
from yinyi.business.documents.words import WORDS
from yinyi.business.scheduling.slips import way_to
from yinyi.kernel.masking import masked_name
from yinyi.wire.receipt import DOTS, DOTS_PER_MM, decode_receipts

SLIPS = every_slip()
TEMPLATE = Path(render.__file__).with_name("slip.typ")
POINTS_PER_MM = 72 / 25.4
RULE_ROWS = 6
"""A dotted rule is 0.5 mm thick; no text is."""


class Shop:
    """The renderer and what it has rendered, so that each slip of the samples is set once."""

    def __init__(self) -> None:
        self.renderer = SlipRenderer(font_folder(), ZONE)
        self.done = {name: self.renderer.render(slip) for name, slip in SLIPS.items()}

    def paper(self, name: str) -> Image.Image:
        return printed(self.done[name])


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop()


def printed(slip: RenderedSlip) -> Image.Image:
    """What the printer makes of the bytes."""
    (paper,) = decode_receipts(slip.receipt)
    return paper


def test_the_way_is_told_in_english_as_far_as_the_hospital_names_it() -> None:
    unnamed = msgspec.structs.replace(CARDIOLOGY, building_en="")
    assert way_to(CARDIOLOGY, chinese=False) == "Outpatient Building, floor 2, area B"
    assert way_to(CARDIOLOGY, chinese=True) == "门诊楼 2 楼 B 区"
    assert way_to(unnamed, chinese=False) == "门诊楼, floor 2, area B"


@pytest.mark.parametrize("name", SLIPS)
def test_paper_is_the_picture(shop: Shop, name: str) -> None:
    picture = Image.open(io.BytesIO(shop.done[name].png))
    assert picture.mode == "1"
    assert picture.width == DOTS
    assert ImageChops.difference(picture.convert("L"), shop.paper(name).convert("L")).getbbox() is None


@pytest.mark.parametrize("name", SLIPS)
def test_every_line_is_at_least_4_mm_high(shop: Shop, name: str) -> None:
    paper = shop.paper(name)
    heights = [bottom - top for top, bottom in rows(paper)]
    lines = [height for height in heights if height > RULE_ROWS]
    assert len(lines) > 10
    assert min(lines) >= 4 * DOTS_PER_MM


@pytest.mark.parametrize("name", SLIPS)
def test_no_type_with_capitals_below_4_mm(name: str) -> None:
    """Measured in the same page as PDF, where every size of type stands in the file."""
    font = ImageFont.truetype(str(next((font_folder() / "500Medium").glob("*.ttf"))), 1000)
    boxes = [font.getbbox(one, anchor="ls") for one in string.digits + string.ascii_uppercase]
    capital_em = min(bottom - top for _, top, _, bottom in boxes) / 1000
    sizes_mm = {size / POINTS_PER_MM for size in type_sizes(SLIPS[name])}
    assert len(sizes_mm) > 2
    assert min(sizes_mm) * capital_em >= 4


@pytest.mark.parametrize("digit", "0123456789")
def test_number_is_12_mm_and_room_8_mm_high(shop: Shop, digit: str) -> None:
    number = int(digit * 4) or 1000
    slip = registration(visit=visit(number=number, room=digit * 3))
    paper = printed(shop.renderer.render(slip))
    tall = max(rows(paper), key=lambda row: row[1] - row[0])
    tallest = sorted((bottom - top for _, top, _, bottom in glyphs(paper, tall)), reverse=True)
    assert all(height >= 12 * DOTS_PER_MM for height in tallest[:4])
    room = glyphs(paper, room_row(paper, tall))[-3:]
    assert all(bottom - top >= 8 * DOTS_PER_MM for _, top, _, bottom in room)


def room_row(paper: Image.Image, number_row: tuple[int, int]) -> tuple[int, int]:
    """The first line of text after the dotted rule below the number."""
    below = [row for row in rows(paper) if row[0] >= number_row[1]]
    rule = next(index for index, row in enumerate(below) if row[1] - row[0] <= RULE_ROWS)
    return below[rule + 1]


@pytest.mark.parametrize("name", SLIPS)
def test_code_is_read_from_the_paper(shop: Shop, name: str) -> None:
    (code,) = zxingcpp.read_barcodes(shop.paper(name).convert("L"))
    assert code.format == zxingcpp.BarcodeFormat.QRCode
    assert code.text == SLIPS[name].qr
    assert SLIPS[name].qr == PAYMENT_NO or name.startswith("fiscal")


@given(st.text(string.ascii_letters + string.digits + "-_:/.?=&", min_size=1, max_size=200))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_code_is_read_from_the_paper(shop: Shop, text: str) -> None:
    paper = printed(shop.renderer.render(registration(qr=text)))
    (code,) = zxingcpp.read_barcodes(paper.convert("L"))
    assert code.text == text


@pytest.mark.parametrize("rare", "䶮㛃𠅤")
def test_rare_characters_have_their_own_glyphs(shop: Shop, rare: str) -> None:
    """Against another renderer (FreeType) with the same font, and against the box of a character it lacks."""
    seen = department_glyph(shop, rare)
    missing = department_glyph(shop, "\U0010fffd")
    file = next((font_folder() / "700Bold").glob("*.ttf"))
    font = ImageFont.truetype(str(file), 200)
    assert likeness(seen, drawn(font, rare)) > 0.9
    assert likeness(missing, drawn(font, "\U0010fffd")) > 0.9
    assert likeness(seen, missing) < 0.6
    assert likeness(seen, drawn(font, "龙")) < 0.8


def department_glyph(shop: Shop, character: str) -> Image.Image:
    """The heading below the black banner, cut out of the paper."""
    paper = printed(shop.renderer.render(registration(visit=visit(department=character))))
    (glyph,) = glyphs(paper, rows(paper)[2])
    return paper.crop(glyph)


def drawn(font: ImageFont.FreeTypeFont, character: str) -> Image.Image:
    page = Image.new("L", (400, 400), 255)
    ImageDraw.Draw(page).text((100, 50), character, fill=0, font=font)
    return page.crop(ImageChops.invert(page).getbbox())


def likeness(one: Image.Image, other: Image.Image) -> float:
    """Share of equal pixels, both brought to 64 × 64, between 0 and 1."""
    side = (64, 64)
    to_ink = [0] * 128 + [255] * 128
    pixels = [image.convert("L").resize(side).point(to_ink) for image in (one, other)]
    return ImageChops.difference(*pixels).histogram()[0] / (side[0] * side[1])


def test_the_person_is_named_only_so_far(shop: Shop) -> None:
    name, number = "欧阳䶮国", "110105194912310021"
    person = visit(patient_name=name, patient_no=number)
    for slip in (
        registration(visit=person),
        hold(visit=person),
        checking(patient_name=name),
        refund(patient_name=name),
    ):
        text = slip_json(slip, ZONE)
        assert name not in text
        assert masked_name(name) in text
        assert number not in text
        assert number[:-4] not in text


@pytest.mark.parametrize("name", [name for name in SLIPS if "-card-" in name])
def test_what_a_bank_wants_on_a_cards_slip_is_on_it(name: str) -> None:
    """The card masked, both numbers, batch and trace, the reference; nothing else of the card."""
    said = slip_json(SLIPS[name], ZONE)
    for fact in (CARD.card, CARD.merchant_no, CARD.terminal_no, "000042 / 000317", CARD.retrieval_ref, CARD.auth_code):
        assert f'"{fact}"' in said
    assert not re.search(r"629991\d{13}", said)


MARKUP = '#text(size: 1mm)[x] $a^2$ *b* _c_ ] } " \\u{41} `r` @r <l> // #include "/etc/passwd"'


def test_markup_stays_text(shop: Shop) -> None:
    marked = registration(
        hospital=MARKUP, terminal=MARKUP, visit=visit(department=MARKUP, place=MARKUP, practitioner=MARKUP, room=MARKUP)
    )
    plain = registration(hospital="x", visit=visit(department="x"))
    assert type_sizes(marked) <= type_sizes(plain) | type_sizes(registration(hospital=MARKUP[:20] * 3))
    assert printed(shop.renderer.render(marked)).height > printed(shop.renderer.render(plain)).height + 100
    content = msgspec.json.decode(slip_json(marked, ZONE))
    assert content["blocks"][0]["hospital"].startswith('#text(size: 1mm)[x] $a^2$ *b* _c_ ] } " \\u{41} `r`')


single = st.characters(exclude_categories=("Cs",)).filter(lambda one: len(unicodedata.normalize("NFD", one)) == 1)
anything = st.text(single, max_size=120)
"""Without letters that are put together of a base and a mark: where the font lacks one, its mark hangs aside."""


@given(anything, anything, anything, anything, st.integers(1, 9999), st.integers(0, 100_000_000))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_fits_the_paper(
    shop: Shop, name: str, department: str, place: str, room: str, number: int, amount_fen: int
) -> None:
    person = visit(patient_name=name, department=department, place=place, room=room, number=number)
    slip = hold(visit=person, amount_fen=amount_fen, window=place, hospital=department, terminal=name)
    paper = printed(shop.renderer.render(slip))
    margin = paper.crop((DOTS - 8, 0, DOTS, paper.height))
    assert margin.getextrema() == (255, 255)


def test_long_words_stay_on_the_paper(shop: Shop) -> None:
    long = visit(patient_name="W" * 60, department="W" * 60, practitioner="8" * 60, place="-" * 60, room="W" * 60)
    for slip in (registration("en", visit=long, terminal="W" * 80), hold("en", visit=long, window="M" * 80)):
        paper = printed(shop.renderer.render(slip))
        assert paper.crop((DOTS - 8, 0, DOTS, paper.height)).getextrema() == (255, 255)


def test_the_same_slip_is_the_same_paper_on_every_thread(shop: Shop) -> None:
    with ThreadPoolExecutor(6) as pool:
        again = list(pool.map(shop.renderer.render, [SLIPS[name] for name in SLIPS] * 2))
    assert [slip.digest for slip in again] == [slip.digest for slip in shop.done.values()] * 2
    assert len({slip.digest for slip in again}) == len(SLIPS)


def test_another_day_is_named(shop: Shop) -> None:
    assert "11月24日 周二 00:05" in slip_json(checking(decided_by=at(0, 5, 24)), ZONE)
    assert "Tue 24 Nov 00:05" in slip_json(checking("en", decided_by=at(0, 5, 24)), ZONE)


def test_missing_fonts_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SlipNotRendered, match="print font is missing"):
        SlipRenderer(tmp_path, ZONE)
    with pytest.raises(SlipNotRendered, match="npm ci"):
        font_folder(tmp_path / "slip.typ")


def test_both_languages_say_the_same_things() -> None:
    chinese, english = WORDS["zh-CN"], WORDS["en"]
    assert chinese.keys() == english.keys()
    fields = string.Formatter().parse
    for key in chinese:
        named = [{field for _, field, _, _ in fields(words[key]) if field} for words in (chinese, english)]
        assert named[0] == named[1], key


def type_sizes(slip: SlipData) -> set[float]:
    """The sizes of type that the slip is set in, in points."""
    folders = [font_folder() / weight for weight in ("500Medium", "700Bold")]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    compiler = typst.Compiler(TEMPLATE, root=TEMPLATE.parent, font_paths=fonts)
    pdf = compiler.compile(format="pdf", sys_inputs={"slip": slip_json(slip, ZONE)})
    assert isinstance(pdf, bytes)
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    found: set[float] = set()
    for stream in streams:
        try:
            content = zlib.decompress(stream)
        except zlib.error:
            continue
        found |= {float(size) for size in re.findall(rb"/\w+ ([\d.]+) Tf", content)}
    return found
