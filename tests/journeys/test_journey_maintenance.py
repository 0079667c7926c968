"""One of the staff at a machine: his card and its PIN open it, a test comes out of the printer, and while it is locked
it says why to whoever comes."""

from kiosk_screen import KioskScreen, kiosk_screen
from playwright.sync_api import Browser, expect

from real_platform import RealPlatform
from staff_office import staff_card

SERIAL, PIN = "04D4E5F6A1B2C3", "271828"
WITHIN_MS = 30_000


def test_a_machine_is_tested_locked_and_given_back(house: RealPlatform, chromium: Browser) -> None:
    staff_card(house, SERIAL, "w-lin", PIN)
    with kiosk_screen(house, chromium) as screen:
        opened(screen)
        before = house.papers()
        screen.press('button[name="act"][value="test_print"]')
        house.paper_after(before)
        expect(screen.page.locator(".over .cost")).to_contain_text("已出纸", timeout=WITHIN_MS)
        a_door_and_a_camera(screen)
        screen.press('a[href$="?lock=1"]')
        screen.seen(r"/maintenance\?lock=1", 'button[name="because"]')
        screen.press('button[name="because"][value="cleaning"]')
        screen.seen("/maintenance", 'button[value="unlock"]')
        left(screen)
        screen.go("/register/departments")
        screen.seen("/register/departments", "#screen.shut")
        assert "清洁" in screen.text(), "whoever comes is told why"
        screen.go()
        opened(screen)
        screen.press('button[value="unlock"]')
        screen.seen("/maintenance", 'a[href$="?lock=1"]')
        left(screen)
        screen.go()
        screen.seen("/", ".tiles.main")
    done = house.rows("SELECT detail FROM audit WHERE actor LIKE '%card:w-lin' ORDER BY audit_id")
    acts = [act for row in done for act in ("test_print", "unlock", "lock") if f'"{act}"' in row["detail"]]
    assert acts == ["test_print", "lock", "unlock"]


def a_door_and_a_camera(screen: KioskScreen) -> None:
    """Open, and gone: it stands on the page before whoever sees to it, and the machine is on the list of those that
    need somebody at once, until both are as they should be."""
    for states, said, how in (
        ({"door": "open", "camera": "offline"}, ("打开", "无应答"), "broken"),
        ({"door": "ok", "camera": "ok"}, ("正常", "正常"), "fine"),
    ):
        for device, state in states.items():
            screen.house.control.post(f"/{device}/state", json={"state": state}).raise_for_status()
        for name, words in zip(("机门", "摄像头"), said, strict=True):
            expect(screen.page.locator(".rows .row", has_text=name)).to_contain_text(words, timeout=WITHIN_MS)
        assert severity(screen.house) == how


def severity(house: RealPlatform) -> str:
    told = house.staff_ask("ListTerminals")["terminals"]
    return next(each for each in told if each["terminal_id"] == "K03").get("severity", "fine")


def opened(screen: KioskScreen) -> None:
    """His card leads there from any page; then its PIN."""
    screen.house.control.post("/reader/lay", json={"serial": SERIAL}).raise_for_status()
    screen.seen("/maintenance", ".pad")
    screen.type(PIN)
    screen.press_form("/maintenance/pin")
    screen.seen("/maintenance", 'button[value="test_print"]')


def left(screen: KioskScreen) -> None:
    screen.press('button[value="leave"]')
    screen.seen(r"/(\?bye=1)?", "#screen")
    screen.house.take_card()
