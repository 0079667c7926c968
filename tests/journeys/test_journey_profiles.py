"""One machine in three places, and a night's work on the hospital's system: what stands on the first page, and that no
address leads around it. What each profile sells and when is decided in business/terminals/offers.py."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

from kiosk_screen import WITHIN_MS, KioskScreen, kiosk_screen
from playwright.sync_api import Browser, expect

from cards import fresh_card
from real_platform import ZONE, RealPlatform, until

HOUR = timedelta(hours=1)
ALWAYS = ("payments", "reprint", "card-balance")


def test_a_report_printer_an_emergency_room_and_a_closure(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium) as screen:
        screen.first_visit(fresh_card())
        house.take_card()
        with standing(house, "report_printer"):
            until_offered(screen, "reports", "reprint")
            leads_home(screen, "/register/departments")
            screen.go("/reports")
            screen.seen("/reports", ".card.calls")
        with standing(house, "emergency"):
            until_offered(screen, "register", "bills", "reports", "inpatient", *ALWAYS)
            leads_home(screen, "/book/departments")
            screen.go("/register/departments")
            screen.seen("/register/departments", ".tiles")
        with closed(house) as opens:
            until_offered(screen, "account", *ALWAYS)
            leads_home(screen, "/register/departments")
            expect(screen.seen("/", ".tile.shut")).to_contain_text(opens, timeout=WITHIN_MS)
        until_offered(screen, "register", "bills", "reports", "inpatient", "check-in", "book", "account", *ALWAYS)


@contextmanager
def standing(house: RealPlatform, profile: str) -> Generator[None]:
    """The terminal, for as long as the block; in the hall afterwards."""
    [terminal] = house.rows("SELECT terminal_id FROM terminal WHERE terminal_id = 'K03'")
    try:
        house.staff_ask("SetProfile", terminal_id=terminal["terminal_id"], profile=profile)
        yield
    finally:
        house.staff_ask("SetProfile", terminal_id=terminal["terminal_id"], profile="hall")


@contextmanager
def closed(house: RealPlatform) -> Generator[str]:
    """The hospital's system rests, until it is said that it is over; the hour at which it would be, as people read
    it."""
    begins = house.clock.now().astimezone(ZONE)
    ends = (begins + HOUR).replace(second=0, microsecond=0)
    planned = house.staff_ask(
        "PlanClosure", what="hospital_system", begins_at=begins.isoformat(), ends_at=ends.isoformat(), reason="upgrade"
    )
    try:
        yield f"{ends.hour}:{ends.minute:02}"
    finally:
        house.staff_ask("CancelClosure", closure_id=planned["closure_id"])


def until_offered(screen: KioskScreen, *services: str) -> None:
    """The tiles of all first pages lead to these; a terminal may have been told some seconds ago."""

    def offered() -> bool:
        found: set[str] = set()
        for page in ("/", "/?page=2"):
            screen.go(page)
            expect(screen.page.locator(".row.quit")).to_be_visible(timeout=WITHIN_MS)
            found |= {tile.get_attribute("href") or "" for tile in screen.page.locator("a.tile").all()}
        return found == {f"/kiosk/{service}" for service in services}

    until(offered, f"it offers {services}")


def leads_home(screen: KioskScreen, path: str) -> None:
    """Where the tiles say what can be had."""
    screen.go(path)
    screen.seen("/", ".row.quit")
