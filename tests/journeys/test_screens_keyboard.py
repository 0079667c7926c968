"""Every page can be used with Tab and Enter: all that can be pressed is reached, in the order in which it stands there,
and where the focus is can be seen."""

from collections.abc import Iterator
from typing import Any

import pytest
from browsers import portrait_page
from playwright.sync_api import Browser, Page
from samples import SAMPLES
from screen_rules import settle

from yinyi.interface.journeys.views import View

FULLER = ("home-offer", "bills-many", "pay-cards")
"""The sheet that offers large print lets nothing else be reached; lists of several pages."""
REGION = '<main class="act"'
"""With nothing to press in it, browsers let it be reached itself, to be scrolled by arrows if it could be."""
TARGETS = """() => {
  const root = document.querySelector(".veil:not([hidden])") ?? document.getElementById("screen");
  const all = [...root.querySelectorAll("a[href], button:not(:disabled), input:not([type=hidden])")];
  return all.filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 200));
}"""
FOCUSED = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  const ring = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
  return at === document.body ? null : { what: at.outerHTML.slice(0, 200), ring };
}"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    with portrait_page(chromium) as page:
        yield page


def pages() -> list[Any]:
    """The first of each kind; the others are left to `make test-all`."""
    of_kind: dict[type[View], str] = {}
    for name, (view, _) in SAMPLES.items():
        of_kind.setdefault(type(view), name)
    soon = {*of_kind.values(), *FULLER}
    return [pytest.param(name, marks=() if name in soon else pytest.mark.slow) for name in SAMPLES]


@pytest.mark.parametrize("name", pages())
def test_all_that_can_be_pressed_is_reached_by_tab(page: Page, base: str, name: str) -> None:
    page.goto(f"{base}/{name}?can_time_out=0")
    settle(page)
    targets: list[str] = page.evaluate(TARGETS)
    assert targets
    reached: list[str] = []
    while len(reached) < len(targets):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused is not None, f"the focus leaves the page after {reached}"
        assert focused["ring"] >= 6, f"nothing shows where the focus is: {focused['what']}"
        if not focused["what"].startswith(REGION):
            reached.append(focused["what"])
    assert reached == targets
