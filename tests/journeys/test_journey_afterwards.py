"""What comes later: another copy, what became of the money, help, and nobody there any more."""

import pytest
from kiosk_screen import EVERY_LOOK, KioskScreen, kiosk_screen
from paper import Paper
from playwright.sync_api import Browser, expect

import books
from cards import fresh_card
from real_platform import RealPlatform
from yinyi.wire.resident_card import CardText


@pytest.mark.walk
@pytest.mark.parametrize(
    ("shape", "language"), [pytest.param("landscape", "zh-CN", marks=EVERY_LOOK), ("portrait", "en")]
)
def test_another_copy_and_where_the_money_is(house: RealPlatform, chromium: Browser, shape: str, language: str) -> None:
    """Somebody has lost his slip, comes back with his card and finds both; his slip found again is an old one: its code
    may be two things, and he says which."""
    card = fresh_card()
    with kiosk_screen(house, chromium, shape, language) as screen:
        payment_no, before = registered(screen, card)
        house.paper_after(before)
        screen.press_form("/finish")
        screen.seen("/", ".tiles.main")
        with screen.walk("reprint", 3):
            screen.press_link("/reprint")
            screen.seen("/identify")
            house.lay(card)
            screen.seen("/reprint", 'button[name="document_no"]')
            screen.press('button[name="document_no"]')
            screen.seen(r"/reprint\?document=\w+", "button.row.on")
            copy = Paper(house.paper_after(before + 1))
        assert copy.payment_no() == payment_no
        screen.press('.dock a[href="/kiosk/"]')
        screen.seen("/", ".row.quit")
        with screen.walk("find_payment", 3):
            screen.press_link("/payments")
            screen.seen("/payments", f'a.row[href$="{payment_no}"]')
            screen.press(f'a.row[href$="{payment_no}"]')
            screen.seen(rf"/done/{payment_no}", ".slip .no")
        screen.press_form("/finish")
        screen.seen(r"/(\?bye=1)?", "#screen")
        house.take_card()
        screen.seen("/", ".tiles.main")
        screen.scan(payment_no)
        screen.seen(r"/code\?is=booking_slip\.payment_slip&after=\d+", 'button[value="booking_slip"]')
        screen.press('button[name="kind"][value="payment_slip"]')
        screen.seen("/identify", "#screen.identify")
        house.lay(card)
        screen.seen(rf"/done/{payment_no}", ".slip .no")
    books.agree(house, payment_no)


def test_paper_gone_on_the_way_is_told_and_any_machine_prints_it_again(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium, "portrait", "en") as screen:
        payment_no, before = registered(screen, fresh_card(), printer="paper_out")
        expect(screen.page.locator(".note.bad")).to_contain_text("run out of paper")
        screen.measure()
        house.printer("ok")
        screen.press('button[formaction^="/kiosk/print/"]')
        assert Paper(house.paper_after(before)).payment_no() == payment_no
        expect(screen.page.locator(".note.bad")).to_have_count(0)
        assert house.papers() == before + 1
    books.agree(house, payment_no)


def test_staff_are_called_and_come(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium) as screen:
        screen.press(".dock button.help")
        screen.seen("/help", "#screen.calling")
        assert screen.asks() == "已经为您呼叫人工"
        calls = house.rows("SELECT call_id FROM staff_call WHERE answered_at IS NULL")
        assert len(calls) == 1
        screen.press(".dock button.help")
        screen.seen("/help", "#screen.calling")
        assert house.rows("SELECT call_id FROM staff_call WHERE answered_at IS NULL") == calls
        number = str(calls[0]["call_id"])
        listed = house.command("calls", "--once")
        assert listed.stdout.split()[0] == number, listed.stderr
        assert house.command("calls", "answer", number).returncode == 0
        screen.seen("/help", ".bell.coming")
        assert screen.asks() == "工作人员正在过来"
        screen.measure()
        assert house.command("calls", "--once").stdout == "nobody has called\n"


def test_the_next_person_lays_a_card_while_the_page_of_the_last_is_open(house: RealPlatform, chromium: Browser) -> None:
    """At once it is the next one's screen, by itself, and no way leads back to the page before; also while the
    hospital, which alone knows whose card it is, does not answer."""
    first, following = fresh_card("孙不见"), fresh_card("周后来")
    with kiosk_screen(house, chromium) as screen:
        screen.first_visit(first)
        house.take_card()
        screen.go("/cards")
        screen.seen("/cards", ".rows")
        house.hospital_down(True)
        house.lay(following)
        screen.seen("/identify", ".facts")
        assert "见" not in screen.page.content()
        house.hospital_down(False)
        screen.press(".act .btn.first")
        screen.seen("/first-visit", "#screen")
        assert "见" not in screen.page.content()
        screen.page.go_back()
        screen.page.wait_for_load_state()
        assert "见" not in screen.page.content()
        house.take_card()


def test_nobody_there_any_more(house: RealPlatform, chromium: Browser) -> None:
    """The session ends on the platform too, the screen keeps nothing, and going back does not bring it back."""
    card = fresh_card("孙不见")
    with kiosk_screen(house, chromium) as screen:
        screen.page.clock.install()
        screen.first_visit(card)
        house.take_card()
        screen.go("/register/departments")
        screen.seen("/register/departments", ".tiles")
        screen.page.clock.run_for(41_000)
        expect(screen.page.locator("#idle")).to_be_visible()
        screen.measure()
        screen.press("#idle button.first")
        expect(screen.page.locator("#idle")).to_be_hidden()
        screen.page.clock.run_for(61_000)
        screen.seen("/", ".tiles.main")
        assert "见" not in screen.page.content()
        screen.page.go_back()
        screen.page.wait_for_load_state()
        assert "孙" not in screen.page.content()
        screen.go("/register/departments")
        assert "孙" not in screen.page.content()
        assert not [each for each in screen.context.cookies() if "session" in each.get("value", "")]


def registered(screen: KioskScreen, card: CardText, printer: str = "ok") -> tuple[str, int]:
    """A new patient, paid; the payment's number, and how many papers there were before. ``printer``: how it is when it
    is paid: whoever pays is asked whether he does without a slip."""
    house = screen.house
    screen.first_visit(card)
    house.take_card()
    payment_no = screen.choose()
    before = house.papers()
    if printer != "ok":
        house.printer(printer)
        screen.seen(r"/register/check/\w+", 'a[href$="no_paper=1"]').click()
        screen.seen(r"/register/check/\w+", 'form[action*="/pay/"]')
    house.phone("pay", screen.to_code())
    screen.seen(rf"/done/{payment_no}", ".slip .no")
    return payment_no, before
