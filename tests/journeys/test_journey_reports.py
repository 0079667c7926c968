"""Reports: by an ID card to one report, a value over time and the sheet; by a tube's barcode to that tube's sheet."""

import io
import re
import socket
from itertools import count
from urllib.parse import urlsplit

import pytest
import zxingcpp
from kiosk_screen import WITHIN_MS, KioskScreen, kiosk_screen
from PIL import Image
from playwright.sync_api import Browser, expect
from test_journey_identity_cards import leave, to_bind, unbind

from card_hands import PUBLIC, SOCIAL, CardHands
from real_platform import RealPlatform, until
from yinyi.wire.hl7.charset import encoded
from yinyi.wire.hl7.codec import Message, segment, written
from yinyi.wire.hl7.framing import END, framed
from yinyi.wire.hl7.values import instant_text
from yinyi_sandbox.hospital.hl7.messages import LABORATORY, ZONE, header, patient
from yinyi_sandbox.people.people import PEOPLE

_TESTED = """
SELECT o.order_no, o.barcode, o.patient_no,
       (SELECT count(*) FROM his.test_order s JOIN his.panel p USING (item_code)
        WHERE s.barcode = o.barcode AND s.state = 'final' AND NOT p.sensitive) AS in_tube
FROM his.test_order o JOIN his.panel p USING (item_code)
WHERE o.patient_no = ANY ($1) AND o.state = 'final' AND NOT p.sensitive
  AND EXISTS (SELECT FROM his.report_result r WHERE r.order_no = o.order_no AND r.value IS NOT NULL)
ORDER BY o.requested_at DESC, o.order_no LIMIT 1
"""
_EXAMINED = """
SELECT o.order_no, o.patient_no
FROM his.test_order o JOIN his.examination e USING (item_code) JOIN his.picture p USING (modality)
WHERE o.patient_no = ANY ($1) AND o.state = 'final' ORDER BY o.order_no LIMIT 1
"""
_YOUNG = {one.records[0].patient_no: one for one in PEOPLE if len(one.records) == 1 and one.card.born_on.year > 1970}
"""Nobody offers them larger letters, or asks which number is theirs."""
_told = count(1)


@pytest.mark.walk
def test_a_report_by_card_and_by_tube(house: RealPlatform, chromium: Browser) -> None:
    [tested] = house.rows(_TESTED, list(_YOUNG), at="hospital")
    order_no = tested["order_no"]
    with kiosk_screen(house, chromium, "portrait", "zh-CN") as screen:
        with screen.walk("report_by_card", 4):
            screen.press_link("/reports")
            screen.seen("/identify", "#screen.identify")
            lay_for_reports(screen, tested["patient_no"])
            house.take_card()
            turn_to(screen, f'.rows a[href$="/reports/{order_no}"]')
            screen.press(f'.rows a[href$="/reports/{order_no}"]')
            screen.seen(rf"/reports/{order_no}", ".rows .row.value")
            [sheet] = printed(screen, 1)
        verified(house, sheet)
        screen.go(f"/reports/{order_no}")
        screen.seen(rf"/reports/{order_no}", ".rows .row.value")
        turn_to(screen, "a.row.value")
        screen.press("a.row.value:visible")
        screen.seen(rf"/reports/{order_no}/trend\?of=.+", ".rows .row.value")
        screen.press(f'.dock a[href$="/reports/{order_no}"]')
        screen.seen(rf"/reports/{order_no}", ".rows .row.value")
        screen.home()
        screen.press(".row.quit")
        screen.seen(r"/(\?bye=1)?", ".tiles.main")
        screen.press_link("/reports")
        screen.seen("/identify", "#screen.identify")
        house.hold(tested["barcode"])
        screen.seen("/reports", ".rows .row")
        assert "这一管" in screen.asks()
        fresh = tested["in_tube"] - 1
        with screen.walk("report_by_tube", 2):
            if not fresh:
                screen.press(".rows a.row:visible")
                screen.seen(rf"/reports/{order_no}", ".rows .row.value")
            assert len(printed(screen, max(1, fresh))) == max(1, fresh)
        screen.go("/account")
        screen.seen("/account", '.act a[href="/kiosk/identify"]')
    [examined] = house.rows(_EXAMINED, list(_YOUNG), at="hospital")
    with kiosk_screen(house, chromium, "portrait", "zh-CN") as screen:
        screen.press_link("/reports")
        screen.seen("/identify", "#screen.identify")
        lay_for_reports(screen, examined["patient_no"])
        house.take_card()
        pictures_of(screen, examined["order_no"])
        by_other_cards(screen, examined["order_no"])


def test_what_the_laboratory_tells_is_there_in_a_moment(house: RealPlatform, chromium: Browser) -> None:
    """Only the laboratory knows of it yet: the hospital's own system has no such order."""
    patient_no, order_no = next(iter(_YOUNG)), f"T99{next(_told):08}"
    row = f'.rows a[href$="/reports/{order_no}"]'
    with kiosk_screen(house, chromium, "portrait", "zh-CN") as screen:
        screen.press_link("/reports")
        screen.seen("/identify", "#screen.identify")
        lay_for_reports(screen, patient_no)
        house.take_card()
        assert screen.page.locator(row).count() == 0
        assert b"MSA|AA|" in told_by_laboratory(house, patient_no, order_no)
        until(lambda: house.rows("SELECT 1 FROM report WHERE order_no = $1", order_no), "it is seen to")

        def listed() -> bool:
            """A list may be some seconds old."""
            screen.go("/reports")
            return screen.page.locator(row).count() == 1

        until(listed, "it is listed")
        screen.go(f"/reports/{order_no}")
        screen.seen(rf"/reports/{order_no}", ".rows .row.value")


def told_by_laboratory(house: RealPlatform, patient_no: str, order_no: str) -> bytes:
    """An ORU with one value, and what was answered."""
    now, key = house.clock.now(), (house.folder / "sandbox" / "laboratory.key").read_text(encoding="ascii")
    at = instant_text(now, ZONE)
    value = segment("OBX", f1="1", f2="NM", f3=("WBC", "白细胞", "L"), f5="5.20", f6="10*9/L", f7="3.5-9.5", f11="F")
    about = segment("OBR", f1="1", f2=order_no, f4=("W0105", "血常规", "L"), f7=at, f22=at, f24="LAB", f25="F")
    first = header(LABORATORY, key, "ORU^R01", f"M-{order_no}", now)
    message = Message((first, patient(patient_no, "x"), segment("ORC", f1="RE", f2=order_no), about, value))
    with socket.create_connection(("127.0.0.1", house.hl7_port), timeout=30) as line:
        line.sendall(framed(encoded(written(message), "gb18030")))
        answer = line.recv(4096)
        while answer and not answer.endswith(END):
            answer += line.recv(4096)
        return answer


def lay_for_reports(screen: KioskScreen, patient_no: str) -> None:
    """This patient's card, on to the reports; who has news of a payment from another journey is told it first."""
    screen.house.lay(_YOUNG[patient_no].card)
    expect(screen.page).to_have_url(re.compile(r"/kiosk/(reports|payments/news)$"), timeout=WITHIN_MS)
    if screen.page.url.endswith("/payments/news"):
        screen.press_link("/reports")
    screen.seen("/reports", ".rows .row")


def by_other_cards(screen: KioskScreen, order_no: str) -> None:
    """Bound to their holder, his social security card and his public card open his reports as his ID card does."""
    hands = CardHands(screen.house)
    for card, entry in ((SOCIAL, "chip"), (PUBLIC, "contactless")):
        screen.go()
        to_bind(screen)
        hands.bring(card.pan, entry)
        if card is SOCIAL:
            screen.seen(r"/cards/bind/[\w-]+", "#screen.pin .stars")
            hands.type(card.pin)
        screen.seen(rf"/cards\?bound={card.pan[-4:]}", ".rows a.row")
        hands.take()
        leave(screen)
        screen.press_link("/reports")
        screen.seen("/identify", "#screen.identify")
        screen.press('form[action$="/identify/card"] button')
        screen.seen("/identify/card", "#screen.insert .slotpic")
        hands.until_asked()
        hands.bring(card.pan, entry)
        screen.seen("/reports", ".rows .row")
        hands.take()
        screen.go(f"/reports/{order_no}")
        screen.seen(rf"/reports/{order_no}", ".pictures img")
        unbind(screen, card)


def pictures_of(screen: KioskScreen, order_no: str) -> None:
    """An examination with its pictures, one of them large; they are there, not only their places."""
    screen.go(f"/reports/{order_no}")
    screen.seen(rf"/reports/{order_no}", ".pictures img").click()
    large = screen.seen(r"/reports/\w+/pictures\?at=1", ".large img")
    assert large.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    screen.press(f'a[href$="/reports/{order_no}"]')
    screen.seen(rf"/reports/{order_no}", ".pictures img")
    assert len(printed(screen, 1)) == 1


def turn_to(screen: KioskScreen, what: str) -> None:
    """Presses for the next page until it can be seen."""
    for _ in range(20):
        if screen.page.locator(what).locator("visible=true").count():
            return
        screen.press(".pager button:last-of-type")
    raise AssertionError(f"{what} is on no page")


def printed(screen: KioskScreen, count: int) -> list[bytes]:
    """One press, and the sheets that came out, as PNG."""
    before = sheets(screen.house)
    screen.press_form("/reports/print")
    screen.seen(r"/sheets/[\w.]+", ".next .ok")
    expect(screen.page.locator(".next .ok")).to_have_count(count, timeout=WITHIN_MS)
    until(lambda: sheets(screen.house) >= before + count, "the sheets have come out")
    control = screen.house.control
    return [control.get(f"/sheet_printer/papers/{before + n}.png").content for n in range(1, count + 1)]


def sheets(house: RealPlatform) -> int:
    return max(house.control.get("/sheet_printer/papers").raise_for_status().json()["papers"], default=0)


def verified(house: RealPlatform, sheet: bytes) -> None:
    """Its code leads to a page that says genuine and nothing else; another code does not."""
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(sheet)))
    path = urlsplit(code.text).path
    answer = house.http.get(path)
    assert answer.status_code == 200
    assert "这份单据是真的" in answer.text
    assert "This paper is genuine" in answer.text
    assert not [one.card.name for one in PEOPLE if one.card.name and one.card.name in answer.text]
    false = house.http.get(path[:-1] + ("0" if path[-1] != "0" else "1"))
    assert false.status_code == 404
    assert "这份单据不是真的" in false.text
