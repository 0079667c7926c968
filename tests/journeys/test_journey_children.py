"""A mother without a card: her insurance code says who she is, her child is registered, and the slip names both. At the
end she takes it off again."""

from datetime import date

import pytest
from kiosk_screen import KioskScreen, kiosk_screen
from paper import Paper
from playwright.sync_api import Browser

import books
from real_platform import RealPlatform
from yinyi.wire import gb11643
from yinyi_sandbox.people.people import person

MOTHER = person("zhao-jie")
PHONE = "13912345678"
MOST_TAPS = 40
"""Eighteen digits and two characters are typed where the child has no card to lay down."""
SLIP = "SELECT data::jsonb ->> 'guardian' AS guardian, data::jsonb -> 'visit' ->> 'patient_name' AS child FROM document"
OF_CHILD = "SELECT full_name, guardian_name, guardian_phone FROM his.patient WHERE guardian_name <> ''"


@pytest.mark.walk
def test_a_mother_registers_her_child(house: RealPlatform, chromium: Browser) -> None:
    number = gb11643.number_of("320199", date(2021, 3, 8), house.clock.now().minute * 10 + 4)
    with kiosk_screen(house, chromium, "portrait", "zh-CN") as screen:
        used = code(house)
        house.hold(used)
        screen.seen("/first-visit", ".pad")
        screen.type(PHONE)
        screen.press_form("/first-visit")
        screen.seen("/first-visit", ".facts")
        screen.press_form("/first-visit")
        screen.seen("/", ".row.quit")
        assert used not in screen.page.content()
        with screen.walk("child", MOST_TAPS):
            screen.press_link("/children")
            screen.seen("/children", "form .row")
            screen.press_link("/children/new")
            screen.seen("/children/new", "form .row")
            screen.press('button[name="document"][value="resident_number"]')
            screen.seen("/children/new", '.typed input[name="number"]')
            screen.type(number)
            screen.press_form("/children/new")
            for spelt, character in (("chen", "陈"), ("xiao", "小")):
                spell(screen, spelt, character)
            screen.press('button[name="done"]')
            screen.seen("/children/new", 'button[name="relation"]')
            screen.press('button[name="relation"][value="mother"]')
            screen.seen("/", ".row.quit")
        assert "监护人" in screen.text()
        screen.press_link("/register")
        screen.seen("/register/departments", ".tiles")
        before, payment_no = house.papers(), screen.choose()
        assert house.phone("pay", screen.to_code())["state"] == "paid"
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        assert Paper(house.paper_after(before)).payment_no() == payment_no
        [slip] = house.rows(f"{SLIP} WHERE payment_no = $1", payment_no)
        assert (slip["child"], slip["guardian"]) == ("陈*", "赵*")
        assert ("陈小", MOTHER.name, PHONE) in [tuple(row.values()) for row in house.rows(OF_CHILD, at="hospital")]
        screen.press_form("/finish")
        screen.seen(r"/(\?bye=1)?", "#screen.home")
        house.hold(used)
        screen.seen(r"/identify\?insurance=code_used", ".note.bad")
        house.hold(code(house))
        screen.seen("/children", "form .row:has(svg.i-baby)")
        screen.press_link("/children/leave")
        screen.seen("/children/leave", "form .row")
        screen.press('button[name="child_id"]')
        screen.seen("/children/leave", ".facts")
        screen.press(".go button.btn")
        screen.seen("/children", "form .row.like")
        assert screen.page.locator("form .row:has(svg.i-baby)").count() == 0
    books.agree(house, payment_no)


def code(house: RealPlatform) -> str:
    """On her phone."""
    return house.sandbox.post("/insurance/phone/code", json={"key": MOTHER.key}).json()["code"]


def spell(screen: KioskScreen, spelt: str, character: str) -> None:
    screen.seen("/children/new", ".pad.letters")
    screen.type(spelt)
    screen.press(".go .btn.first")
    screen.seen("/children/new", ".pad.glyphs")
    screen.press(f'button[name="pick"][value="{character}"]')
    screen.seen("/children/new", ".pad.letters")
