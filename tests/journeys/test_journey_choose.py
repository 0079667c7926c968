"""Clinic and doctor: same as last time, by floor, by letter; numbers that the windows sell meanwhile."""

import pytest
from kiosk_screen import EVERY_LOOK, KioskScreen, kiosk_screen
from playwright.sync_api import Browser, expect

from cards import fresh_card
from real_platform import RealPlatform
from yinyi_sandbox.people.people import person


def test_same_as_last_time_comes_first(house: RealPlatform, chromium: Browser) -> None:
    patient = person("martin-claire")
    with kiosk_screen(house, chromium, "landscape") as screen:
        screen.identify(patient.card)
        _, clinic = patient.records[0].visits[0]
        first = screen.page.locator(".act a[href*='/register/doctors/']").first
        assert (first.get_attribute("href") or "").startswith(f"/kiosk/register/doctors/{clinic}")
        first.click()
        screen.seen(rf"/register/doctors/{clinic}(/\d+)?", "h1")


@pytest.mark.parametrize("by", [pytest.param("floor", marks=EVERY_LOOK), "initial"])
def test_every_clinic_can_be_found_by(house: RealPlatform, chromium: Browser, by: str) -> None:
    with kiosk_screen(house, chromium) as screen:
        screen.first_visit(fresh_card())
        screen.press(f'.seg a[href$="by={by}"]')
        screen.seen(rf"/register/departments\?by={by}", "a.group")
        screen.press("a.group")
        screen.seen(rf"/register/departments\?by={by}&at=\w", 'a.tile[href*="/register/doctors/"]')
        screen.press('a.tile[href*="/register/doctors/"]')
        screen.seen(r"/register/doctors/\w+", "h1.ask")


def test_what_the_windows_sell_is_gone_here_at_once(house: RealPlatform, chromium: Browser) -> None:
    """The last numbers are sold at a window while somebody reads about the doctor."""
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        schedule_id = about_a_doctor(screen, "0202")
        while house.sell(schedule_id)["code"] == "0":
            pass
        screen.press_form("/register/hold")
        screen.seen("/register/hold", "#screen.failed")
        assert "Not your fault. No money was taken" in screen.text()
        screen.press(".act .go a.first")
        screen.seen(r"/register/doctors/\w+", ".row.doc")
        expect(screen.page.locator(f'button[value="{schedule_id}"]')).to_have_count(0)


def test_a_doctor_who_has_gone_home_is_told(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium) as screen:
        schedule_id = about_a_doctor(screen, "0104")
        house.stop_schedule(schedule_id)
        screen.press_form("/register/hold")
        screen.seen("/register/hold", "#screen.failed")
        assert "停诊" in screen.text()


@pytest.mark.slow
def test_the_number_given_back_can_be_chosen_again(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium) as screen:
        screen.first_visit(fresh_card())
        first = screen.choose()
        screen.press('.act button[formaction^="/kiosk/register/release/"]')
        screen.seen(r"/register/doctors/\w+", "button.row.doc")
        screen.press("button.row.doc")
        screen.seen(r"/register/check/\w+", ".facts")
        assert screen.payment_no() != first


def about_a_doctor(screen: KioskScreen, clinic: str) -> str:
    """From home to a doctor's own page, for a new patient; his session there. ``clinic``: where nobody else of this
    house has a number, as his may be sold out or stopped."""
    screen.first_visit(fresh_card())
    screen.press(f'a.tile[href="/kiosk/register/doctors/{clinic}"]')
    screen.seen(r"/register/doctors/\w+", "a.about")
    screen.press(".pair:has(button.row.doc) a.about")
    return screen.seen(r"/register/doctors/\w+/\w+", 'button[name="schedule_id"]').get_attribute("value") or ""
