"""The kiosk's screen in a real browser, as a patient uses it: looks, presses, scans what is really shown."""

import hashlib
import io
import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import zxingcpp
from browsers import SHAPES
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from screen_rules import Watch, accessibility, settled_layout
from walks import PAINTED, Counter

from real_platform import RealPlatform
from yinyi.wire.resident_card import CardText

WITHIN_MS = 30_000
EVERY_LOOK = pytest.mark.slow
"""A journey in a second look: once is enough for `make test`, where test_screens has its pages in pairs of looks."""
_FAILED = re.compile(r"the server responded with a status of (4|5)\d\d")
"""Chromium says so itself whenever a page is answered with an error, as our error pages are."""

PRESS_KEYS = """digits => {
  for (const digit of digits) document.querySelector(`.pad [data-key="${digit}"]`).click();
}"""
MARK = "document.getElementById('screen').isMeasured = true"
STANDS = "document.getElementById('screen').isMeasured === true"
_measured: list[tuple[Path, bool]] = []
"""The folder with an empty file for each page that somebody has measured or measures now; whether axe-core, too, is to
see each of them."""


def measure_into(folder: Path, every_look: bool) -> None:
    """All workers have the same one: what one of them has measured needs no other. ``every_look``: not only the
    measures, which depend on them, but also axe-core for each question, shape and language of a page; otherwise once
    for its kind, as test_screens shows it every page in every state."""
    folder.mkdir(exist_ok=True)
    _measured[:] = [(folder, every_look)]


def _claimed(page: tuple[str | None, ...]) -> Path | None:
    """This page's file, if nobody else has measured it."""
    claim = _measured[0][0] / hashlib.sha256(repr(page).encode()).hexdigest()
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        return None
    return claim


def _measurement(page: Page, rules: Callable[[Page], list[str]], claim: Path) -> list[str]:
    """What is wrong; a page with which something is, or that went away meanwhile, is measured again by the next."""
    kept = False
    try:
        broken, stands = [""], False
        while broken and not stands:  # a push may draw the page anew under a measurement
            page.evaluate(MARK)
            broken, stands = rules(page), page.evaluate(STANDS)
        kept = not broken
        return broken
    finally:
        if not kept:
            claim.unlink()


class KioskScreen:
    """One tab. Every page that is ``seen`` is measured; ``broken`` collects what is wrong with them."""

    def __init__(self, house: RealPlatform, context: BrowserContext) -> None:
        self.house = house
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WITHIN_MS)
        self.broken: list[str] = []
        self._watch = Watch(self.page, house.base)
        self._counter = Counter()

    # -- looking

    def seen(self, path: str, inside: str = "#screen") -> Locator:
        """Waits for the page at this address (a pattern below /kiosk) with this inside, and measures it."""
        expect(self.page).to_have_url(re.compile(rf"/kiosk{path}$"), timeout=WITHIN_MS)
        found = self.page.locator(inside).first
        expect(found).to_be_visible(timeout=WITHIN_MS)
        expect(self.page.locator(".htmx-request")).to_have_count(0, timeout=WITHIN_MS)
        self.measure()
        return found

    def measure(self) -> None:
        """Each page once for each shape and language, however many journeys lead over it (see ``measure_into``)."""
        path = re.sub(r"^.*?/kiosk", "", self.page.url)
        self.broken += [f"{path}: {sentence}" for sentence in self._watch.taken() if not _FAILED.search(sentence)]
        kind = self.page.locator("#screen").get_attribute("class")
        language = self.page.locator("html").get_attribute("lang")
        address = re.sub(r"\w*\d{2}\w*", "", path)
        page = (address, kind, language, self.asks(), str(self.page.viewport_size))
        seen_by_axe = page if _measured[0][1] else (kind,)
        for rules, about in ((settled_layout, ("layout", *page)), (accessibility, ("axe", *seen_by_axe))):
            claim = _claimed(about)
            if claim is not None:
                self.broken += [f"{path}: {sentence}" for sentence in _measurement(self.page, rules, claim)]

    def asks(self) -> str:
        """The question or the sentence at the top."""
        return self.page.locator("h1.ask").inner_text()

    def text(self) -> str:
        return self.page.locator("#screen").inner_text()

    def code(self) -> str:
        """What a phone reads from the QR code on the screen."""
        shown = self.page.locator(".code svg, .code img").first
        expect(shown).to_be_visible(timeout=WITHIN_MS)
        picture = Image.open(io.BytesIO(shown.screenshot()))
        read = zxingcpp.read_barcodes(picture)
        assert len(read) == 1, f"{len(read)} codes are readable on the screen"
        return read[0].text

    def payment_no(self) -> str:
        found = re.search(r"/kiosk/(?:register/\w+|pay|done|trouble|print)/([0-9A-Z]{22})", self.page.url)
        assert found, self.page.url
        return found[1]

    # -- doing

    def press(self, what: str) -> None:
        """A link or a button, by selector."""
        self._click(self.page.locator(what))

    def _click(self, what: Locator) -> None:
        self._counter.taps += 1
        what.first.click(timeout=WITHIN_MS)

    def scan(self, code: str) -> None:
        """Held under the scanner, once the page listens."""
        expect(self.page.locator("[sse-connect]")).to_have_count(1, timeout=WITHIN_MS)
        self.house.hold(code)

    def walk(self, name: str, most_taps: int) -> AbstractContextManager[None]:
        """A journey of which the presses are counted."""
        return self._counter.walk(self.page, name, most_taps)

    def press_link(self, path: str) -> None:
        """From home also to a service that the first page has no room for."""
        link = self.page.locator(f'.act a[href^="/kiosk{path}"]')
        more = self.page.locator('#screen.home .act a[href*="?page="]')
        expect(link.or_(more).first).to_be_visible(timeout=WITHIN_MS)
        if not link.count():
            self._click(more)
        self._click(link)

    def press_form(self, path: str) -> None:
        """The main button of the form that goes there."""
        self.press(f'.act form[action^="/kiosk{path}"] button.first')

    # -- whole ways

    def identify(self, card: CardText) -> None:
        """From home to the clinics, with a card that leads to one patient."""
        self.press_link("/register")
        self.seen("/identify", "#screen.identify")
        self.house.lay(card)
        self.seen("/register/departments", ".tiles")

    def first_visit(self, card: CardText, phone: str = "13912345678") -> None:
        """From home to the clinics, for somebody the hospital does not know."""
        self.press_link("/register")
        self.seen("/identify", "#screen.identify")
        self.house.lay(card)
        self.seen("/first-visit", ".pad")
        self.type(phone)
        self.press_form("/first-visit")
        self.seen("/first-visit", ".facts")
        self.press_form("/first-visit")
        self.seen("/register/departments", ".tiles")

    def choose(self, clinic: str = "") -> str:
        """From the clinics to the check page; the payment's number. ``clinic``: its code, else the first one; whoever
        was here before has that of last time first, which leads to the same doctor."""
        self.press(f'a[href^="/kiosk/register/doctors/{clinic}"]')
        self.seen(r"/register/doctors/\w+(/\w+)?", 'button[name="schedule_id"]')
        self.press('button[name="schedule_id"]')
        self.seen(r"/register/check/\w+", ".facts")
        return self.payment_no()

    def to_code(self) -> str:
        """From the check page to the code; what it says."""
        self.press_form("/pay/")
        self.seen(r"/pay/\w+", ".code")
        return self.code()

    def go(self, path: str = "/") -> None:
        self.page.goto(f"{self.house.base}/kiosk{path}")

    def home(self) -> None:
        """The first page, whoever is known."""
        self.go()
        self.seen("/", ".tiles.main")

    def language(self, language: str) -> None:
        self.press(f'.dock button[name="language"][value="{language}"]')
        expect(self.page.locator(f'html[lang="{language}"]')).to_have_count(1, timeout=WITHIN_MS)

    def type(self, digits: str) -> None:
        """The first one is pressed where it stands; the others at one go, as each press waits for two pictures."""
        self.press(f'.pad [data-key="{digits[0]}"]')
        self._counter.taps += len(digits) - 1
        self.page.evaluate(PRESS_KEYS, digits[1:])

    def another_tab(self) -> "KioskScreen":
        return KioskScreen(self.house, self.context)


@contextmanager
def kiosk_screen(
    house: RealPlatform,
    chromium: Browser,
    shape: str = "portrait",
    language: str = "zh-CN",
    kind: type[KioskScreen] = KioskScreen,
) -> Generator[KioskScreen]:
    """A browser paired with the terminal, on its home page. At the end its pages have to have kept the rules."""
    width, height = SHAPES[shape]
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN", reduced_motion="reduce")
    context.add_init_script(PAINTED)
    try:
        screen = kind(house, context)
        screen.go(f"/?pair={house.pairing_code()}")
        screen.seen("/", ".tiles.main")
        if language != "zh-CN":
            screen.language(language)
        yield screen
        assert not screen.broken, "\n".join(screen.broken)
    finally:
        context.close()
