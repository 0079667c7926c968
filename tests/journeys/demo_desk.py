"""The demo desk in a real browser, as a newcomer uses it."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, expect
from screen_rules import AXE, AXE_OPTIONS, Watch, settle

from real_platform import RealPlatform

WITHIN_MS = 40_000
A_CALL_REACHES_PEOPLE_MS = 3_000
_EXPECTED = re.compile(r"status of (409|503)|\[object Event\]")
"""An event stream whose page goes on is closed."""


class DemoDesk:
    """One browser window at ``/demo``, or at another page of it."""

    def __init__(self, house: RealPlatform, context: BrowserContext, path: str = "/demo") -> None:
        self.house = house
        self._path = path
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WITHIN_MS)
        self._watch = Watch(self.page, house.base)
        self.open()

    def open(self) -> None:
        self.page.goto(f"{self.house.base}{self._path}")

    @property
    def kiosk(self) -> FrameLocator:
        return self.page.frame_locator("#kiosk")

    def complaints(self) -> list[str]:
        """What the browser found wrong, apart from what is meant."""
        return [sentence for sentence in self._watch.taken() if not _EXPECTED.search(sentence)]

    def accessibility(self) -> list[str]:
        """Of everything around the kiosk; its own pages have their own tests."""
        settle(self.page)
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        result: dict[str, list[dict[str, Any]]] = self.page.evaluate(
            "options => axe.run({exclude: [['#kiosk']]}, options)", AXE_OPTIONS
        )
        rules = [rule for kind in ("violations", "incomplete") for rule in result[kind]]
        return [f"{rule['id']}: {node['html'][:160]}" for rule in rules for node in rule["nodes"]]

    def sees(self, selector: str) -> Locator:
        """On the desk."""
        found = self.page.locator(selector).first
        expect(found).to_be_visible(timeout=WITHIN_MS)
        return found

    def shown(self, selector: str) -> Locator:
        """On the kiosk's screen."""
        found = self.kiosk.locator(selector).first
        expect(found).to_be_visible(timeout=WITHIN_MS)
        return found

    def press(self, selector: str) -> None:
        self.page.locator(selector).first.click()

    def touch(self, selector: str) -> None:
        """On the kiosk's screen."""
        self.kiosk.locator(selector).first.click()

    # -- whole ways

    def choose(self, who: str, clinic: str) -> None:
        """From the card to the check page, with the first doctor of that clinic."""
        self.shown("#screen.home .tiles")
        self.press(f'[data-key="{who}"]')
        self.sees("#plate .card")
        self.shown('.act form[action="/kiosk/finish"] button')
        self.touch('.act a[href="/kiosk/register"]')
        self.touch(f'a[href="/kiosk/register/doctors/{clinic}"]')
        self.touch("button.row.doc")
        self.shown('.act form[action^="/kiosk/pay/"]')

    def to_code(self) -> None:
        self.touch('.act form[action^="/kiosk/pay/"] button.first')
        self.shown(".code svg")

    def leave(self) -> None:
        """The patient takes his card and presses that he is done."""
        self.press("#take")
        expect(self.page.locator("#plate .card")).to_have_count(0)
        self.touch('.act form[action="/kiosk/finish"] button')
        self.shown("#screen.home .tiles")

    def mishap(self, key: str, *, armed: str = "true") -> None:
        """Press a button in the drawer and see what becomes of it."""
        self.press("#faults-open")
        self.press(f'[data-fault="{key}"]')
        expect(self.page.locator(f'[data-fault="{key}"]')).to_have_attribute("aria-pressed", armed, timeout=WITHIN_MS)
        self.press("#faults [data-close]")


@contextmanager
def demo_desk(
    house: RealPlatform,
    chromium: Browser,
    size: tuple[int, int] = (1600, 1000),
    locale: str = "zh-CN",
    path: str = "/demo",
) -> Generator[DemoDesk]:
    """A browser of its own, which the kiosk is not paired with yet."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=locale, reduced_motion="reduce"
    )
    try:
        yield DemoDesk(house, context, path)
    finally:
        context.close()
