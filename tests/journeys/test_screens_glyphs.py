"""Rare characters look on the screen as they do on paper: bitmaps are compared, not texts."""

import base64
import io
from collections.abc import Iterator

import pytest
from browsers import served_gallery
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page

RARE = "䶮㛃𠅤"
COMMON = "国"
NOWHERE = "\U000e0fff"
"""In no font at all: drawn as the box of .notdef."""
DRAW = """async ([character, family]) => {
  await document.fonts.load(`600 96px ${family}`, character);
  await document.fonts.ready;
  const canvas = Object.assign(document.createElement("canvas"), { width: 128, height: 128 });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, 128, 128);
  pen.fillStyle = "#000";
  pen.font = `600 96px ${family}`;
  pen.fillText(character, 16, 104);
  return canvas.toDataURL("image/png");
}"""
LOAD_PRINT_FACE = """async () => {
  document.fonts.add(await new FontFace("Print", "url(/print.ttf)", { weight: "100 900" }).load());
}"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    with served_gallery() as base:
        opened = chromium.new_page()
        opened.goto(f"{base}/home")
        opened.evaluate(LOAD_PRINT_FACE)
        yield opened
        opened.close()


def drawn(page: Page, character: str, family: str) -> Image.Image:
    url: str = page.evaluate(DRAW, [character, family])
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L")


def same(one: Image.Image, other: Image.Image) -> bool:
    """Differences of anti-aliasing do not count."""
    _least, high = ImageChops.difference(one, other).getextrema()
    assert isinstance(high, int)
    return high < 160


def screen_family(page: Page) -> str:
    family: str = page.evaluate("getComputedStyle(document.body).fontFamily")
    return family


@pytest.mark.parametrize("character", RARE)
def test_rare_character_is_the_print_fonts(page: Page, character: str) -> None:
    on_screen = drawn(page, character, screen_family(page))
    on_paper = drawn(page, character, "Print")
    nothing = drawn(page, NOWHERE, "Print")
    assert same(on_screen, on_paper)
    assert not same(on_paper, nothing)


def test_rare_characters_differ_from_each_other(page: Page) -> None:
    one, two, three = (drawn(page, character, screen_family(page)) for character in RARE)
    assert not same(one, two)
    assert not same(two, three)


def test_without_the_fallback_face_it_would_not_be(page: Page) -> None:
    """The test can fail: the web font alone has none of them."""
    alone = drawn(page, RARE[0], '"Noto Sans SC Variable", Print-is-not-here')
    assert not same(alone, drawn(page, RARE[0], "Print"))
    assert not same(alone, drawn(page, COMMON, "Print"))
