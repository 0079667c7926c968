"""Every page in every look keeps the rules of the kiosk's numbers."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from browsers import SHAPES, served_gallery
from gallery import kiosks
from playwright.sync_api import Browser, Page
from samples import SAMPLES
from screen_rules import (
    AXE,
    AXE_FINDS,
    AXE_OPTIONS,
    MEASURE,
    REST,
    Watch,
    accessibility,
    broken_rules,
    limits,
    load_axe,
    settle,
    told_by_axe,
)

from yinyi.app.interfaces import PROJECT, SKIN, ZONE
from yinyi.interface.journeys import pages
from yinyi.interface.journeys.pages import Pages
from yinyi.interface.text.catalogue import Catalogue


class Look(NamedTuple):
    """How a page is shown."""

    shape: str
    language: str
    mode: str
    theme: str = "light"
    reach: str = "normal"


LANGUAGES, MODES = ("zh-CN", "en"), ("normal", "elder")
CORE = [Look(*parts) for parts in product(("portrait", "landscape"), LANGUAGES, MODES)]
FURTHER = [
    *(Look("phone", language, mode) for language, mode in product(LANGUAGES, MODES)),
    *(Look("portrait", language, mode, reach="low") for language, mode in product(LANGUAGES, MODES)),
    *(Look(*parts, theme="contrast") for parts in product(("portrait", "landscape"), LANGUAGES, MODES)),
    Look("phone", "zh-CN", "normal", theme="contrast"),
    Look("phone", "en", "elder", theme="contrast"),
    *(Look("small", language, mode) for language, mode in product(LANGUAGES, MODES)),
]
FILLING = "lorem ipsum dolor sit amet consetetur sadipscing elitr " * 3
CHOICES = ("home", "number", "first-phone", "who", "departments", "doctors", "reprint", "payments")
"""Pages whose choices move down with lower controls; the others press only there anyway."""


SCROLLS = ("small", "phone")
HIDDEN_PX = """() => ["#screen", ".act"].map((part) => document.querySelector(part))
  .reduce((hidden, part) => hidden + part.scrollHeight - part.clientHeight, 0)"""
PATIENT = "can_time_out=0"
"""However long it takes until it is looked at, it stays."""
SHOW = """async (url) => {
  const answer = await fetch(url);
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const root = document.documentElement;
  for (const name of root.getAttributeNames()) root.removeAttribute(name);
  for (const { name, value } of next.documentElement.attributes) root.setAttribute(name, value);
  document.title = next.title;
  history.replaceState(null, "", url);
  htmx.swap(document.body, next.body.innerHTML, { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 });
  return answer.ok && !next.querySelector("[style], style, script:not([src]), body script");
}"""
"""Puts a page in the place of the one before, as htmx does after a press: styles, scripts and typefaces stay loaded.
False: there is no such page, or it brings what the policy of a page that is loaded would refuse."""
SHOW_AND_MEASURE = f"""async ([url, limits, options, stays]) => {{
  if (!(await ({SHOW})(url))) return null;
  await ({REST})();
  const broken = ({MEASURE})(limits);
  const found = options ? await ({AXE_FINDS})(options) : {{}};
  if (!stays) document.documentElement.style.display = "none";
  return {{ broken, found }};
}}"""
"""At one go, before it is painted and without being painted: waiting for a picture of it, and a round for each step,
took a third longer, and a picture that nobody looks at as much again."""


class Stage:
    """One browser with a page for each shape."""

    def __init__(self, base: str, browser: Browser) -> None:
        self.base = base
        self._browser = browser
        self._pages: dict[str, tuple[Page, Watch]] = {}

    def broken(self, name: str, look: Look, *, axe: bool = False) -> list[str]:
        """What is wrong with a page in this look, put in the place of the one before."""
        if look.shape == "small":
            return self.broken_anew(name, look)
        page, watch = self._opened(look.shape)
        url = self._url(name, look)
        scrolls = axe and look.shape == "phone"
        if axe:
            load_axe(page)
        options = AXE_OPTIONS if axe and not scrolls else None
        asked = [url, limits(page, _lowest(name, look)), options, scrolls]
        seen: dict[str, Any] | None = page.evaluate(SHOW_AND_MEASURE, asked)
        assert seen is not None, url
        found = [*watch.taken(), *seen["broken"], *told_by_axe(seen["found"])]
        if scrolls:
            _unroll(page, look.shape)
            found += accessibility(page)
        return _told(name, look, found)

    def broken_anew(self, name: str, look: Look) -> list[str]:
        """The same by all rules, of the page loaded by itself, and painted."""
        page, watch = self._opened(look.shape)
        page.goto(self._url(name, look))
        if look.shape in SCROLLS:
            _unroll(page, look.shape)
        found = broken_rules(page, _lowest(name, look))
        return _told(name, look, [*watch.taken(), *found])

    def _url(self, name: str, look: Look) -> str:
        asked = f"language={look.language}&mode={look.mode}&theme={look.theme}&reach={look.reach}"
        return f"{self.base}/{name}?{asked}&{PATIENT}"

    def _opened(self, shape: str) -> tuple[Page, Watch]:
        width, height = SHAPES[shape]
        if shape not in self._pages:
            page = self._browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
            self._pages[shape] = page, Watch(page, self.base)
            page.goto(f"{self.base}/{next(iter(SAMPLES))}?language=en&{PATIENT}")
        page, watch = self._pages[shape]
        if page.viewport_size != {"width": width, "height": height}:
            page.set_viewport_size({"width": width, "height": height})  # it was unrolled
        return page, watch


def _lowest(name: str, look: Look) -> float | None:
    return 1020 if look.reach == "low" and name.startswith(CHOICES) else None


def _told(name: str, look: Look, sentences: list[str]) -> list[str]:
    return [f"{name} {look}: {sentence}" for sentence in sentences]


def _unroll(page: Page, shape: str) -> None:
    """Where a page scrolls above or under its dock: looked at as a whole, as on a very long screen."""
    width, height = SHAPES[shape]
    page.set_viewport_size({"width": width, "height": height})
    settle(page)
    while hidden := page.evaluate(HIDDEN_PX):  # with more room a page shows more
        height += hidden
        page.set_viewport_size({"width": width, "height": height})
        settle(page)


@pytest.fixture(scope="module")
def stage(chromium: Browser) -> Iterator[Stage]:
    with served_gallery() as base:
        yield Stage(base, chromium)


@pytest.mark.parametrize(("number", "name"), list(enumerate(SAMPLES)), ids=list(SAMPLES))
def test_page_keeps_the_rules(stage: Stage, number: int, name: str) -> None:
    """Each page in two opposite looks of eight and in one of the further ones, by turns; axe-core in one of them."""
    looks = [CORE[number % len(CORE)], CORE[-1 - number % len(CORE)], FURTHER[number % len(FURTHER)]]
    assert not [
        sentence for at, look in enumerate(looks) for sentence in stage.broken(name, look, axe=at == number % 3)
    ]


class Longer(Catalogue):
    """English with sentences longer by 40 %, as another language might have them."""

    @property
    def fingerprint(self) -> bytes:
        return Path(__file__).read_bytes()

    def say(self, english: str) -> str:
        said = super().say(english)
        letters = len(re.sub(r"<[^>]*>|\{\w+\}", "", said))
        return f"{said} {FILLING[: round(0.4 * letters) - 1].strip()}" if letters > 3 else said


def longer(language: str) -> Catalogue:
    return Longer(language, None)


@pytest.fixture(scope="module")
def longer_stage(chromium: Browser) -> Iterator[Stage]:
    """Compiled in a folder of its own, and once for all workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "catalogue", longer)
        patch.setattr(pages, "LANGUAGES", ("en",))
        kept = PROJECT / "build" / "longer-pages"
        shown = Pages(SKIN / "templates", "/kiosk", kiosks()[0], ZONE, kept)
    with served_gallery(shown) as base:
        yield Stage(base, chromium)


@pytest.mark.parametrize(("number", "name"), list(enumerate(SAMPLES)), ids=list(SAMPLES))
def test_longer_language_fits(longer_stage: Stage, number: int, name: str) -> None:
    look = Look(("portrait", "landscape")[number % 2], "en", "normal")
    assert not longer_stage.broken(name, look)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", list(SAMPLES))
def test_page_keeps_the_rules_in_every_look(stage: Stage, name: str) -> None:
    assert not [sentence for look in CORE + FURTHER for sentence in stage.broken_anew(name, look)]


PALE = """<!doctype html><html lang="en"><title>t</title><body style="background: #fff"><main><h1>Contrast</h1>
<p style="color: #ccc">pale</p><p style="color: #767676">between</p><p style="color: #595959">dark</p>
<p style="font-size: 40px; color: #bbb">large, pale</p><p style="font-size: 40px; color: #888">large, between</p>
<p style="color: #fff">nothing</p><p style="color: #767676">x</p><p style="color: rgba(0, 0, 0, .3)">glass</p>
<div style="background: linear-gradient(#000, #fff)"><p>who knows</p></div></main>"""
CONTRASTS = """options => axe.run(document, { ...options, selectors: true }).then((found) =>
  ["violations", "incomplete"].map((kind) => [...new Set(found[kind].filter((rule) => rule.id.startsWith("color-"))
    .flatMap((rule) => rule.nodes.map((node) => node.target[0])))].sort()))"""


def test_one_rule_of_contrast_finds_what_two_find(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content(PALE)
    page.evaluate(AXE)
    both = {**AXE_OPTIONS, "rules": {"color-contrast-enhanced": {"enabled": True}}, "checks": {}}
    found = page.evaluate(CONTRASTS, AXE_OPTIONS)
    assert found == page.evaluate(CONTRASTS, both)
    assert [len(kind) for kind in found] == [5, 3]
    page.close()
