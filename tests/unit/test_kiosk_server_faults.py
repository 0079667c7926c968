"""What a kiosk shows when something fails: every error has its page, none shows its insides."""

from datetime import timedelta
from typing import Any

import pytest
from kiosk_platform import NOW, PAYMENT, SCREEN, Browser, Platform, page, paired, run

from yinyi.business.payments.errors import StillAsked
from yinyi.interface.journeys.errors import CLOSED, TABLE, closed_of, said_of
from yinyi.kernel.errors import (
    Busy,
    DeadlineExceeded,
    HospitalUnavailable,
    IdempotencyConflict,
    InLine,
    InternalError,
    InvalidField,
    ToldPlace,
    YinyiError,
    every_error,
)


def test_every_error_of_the_platform_has_a_page() -> None:
    for error in every_error():
        assert closed_of(error()) is not None or said_of(error())[1] >= 400
    assert YinyiError in TABLE
    assert not set(TABLE) & set(CLOSED)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (HospitalUnavailable(), 503, "hospital_unavailable"),
        (Busy(), 503, "too_busy"),
        (StillAsked(), 503, "still_asked"),
        (InternalError(), 500, "unexpected"),
        (InvalidField(), 404, "not_found"),
        (IdempotencyConflict(), 409, "old_page"),
    ],
)
def test_a_fault_is_told_with_who_is_there_and_a_way_on(error: YinyiError, status: int, kind: str) -> None:
    async def work() -> None:
        answer = await paired(ListDepartments=error).get("/register/departments?by=floor")
        seen = page(answer)
        assert (answer.status_code, seen["is"], seen["v"]["kind"]) == (status, "ErrorView", kind)
        assert seen["v"]["back"] == ("/kiosk/register/departments?by=floor" if status >= 500 else "")
        assert (seen["c"]["patient"] is not None) is (kind != "too_busy"), "who is there is not asked of the overloaded"

    run(work())


def test_a_platform_that_does_not_answer_in_time_counts_as_away() -> None:
    async def work() -> None:
        answer = await paired(ListDepartments=DeadlineExceeded()).get("/register/departments")
        assert (answer.status_code, page(answer)["v"]["reason"]) == (503, "platform_down")

    run(work())


def test_where_too_many_ask_the_page_tries_again_by_itself() -> None:
    async def work() -> None:
        seen = page(await paired(ListDepartments=Busy()).get("/register/departments"))
        assert f"at={(NOW + timedelta(seconds=5)).timestamp():.1f}" in seen["c"]["events"]

    run(work())


def test_whoever_is_in_line_is_shown_his_place_and_shows_it_when_the_page_comes_again() -> None:
    async def work() -> None:
        told = InLine.at(ToldPlace(before=36, about_s=41, again_s=2.5, ticket="1795771800.25"))
        browser = paired(ListDepartments=told)
        answer = await browser.get("/register/departments?by=floor")
        seen = page(answer)
        assert (answer.status_code, seen["is"]) == (200, "InLineView")
        assert seen["v"] == {
            "place": 37,
            "about_s": 41,
            "ticket": "1795771800.25",
            "again_ms": 2500,
            "form": None,
            "again": "/kiosk/register/departments?by=floor",
        }
        assert seen["c"]["patient"]["name"] == "张*国"
        assert browser.platform.last("ListDepartments").place == "", "he has none yet, and could be told one"
        for place, told_place in (("1795771800.25", "1795771800.25"), ("1795771800.25; x", ""), ("nan", "")):
            await browser.get("/register/departments", **{"yinyi-place": place})
            assert browser.platform.last("ListDepartments").place == told_place

    run(work())


def test_what_was_sent_is_sent_again_with_its_key_when_his_turn_comes() -> None:
    async def work() -> None:
        browser = paired(RegisterToday=InLine.at(ToldPlace(before=0, about_s=1, again_s=1.0, ticket="1795771800.25")))
        sent = {"department_id": "D02", "schedule_id": "S1", "key": "a" * 22}
        seen = page(await browser.post("/register/hold", **sent))
        assert (seen["is"], seen["v"]["place"], seen["v"]["again"]) == ("InLineView", 1, "/kiosk/register/hold")
        assert seen["v"]["form"].items() >= sent.items()

    run(work())


def test_our_own_mistakes_do_not_show_their_insides() -> None:
    async def work() -> None:
        def broken(_: Any) -> Any:
            raise RuntimeError("secret detail")

        answer = await paired(ListDepartments=broken).get("/register/departments")
        assert (answer.status_code, page(answer)["v"]["kind"]) == (500, "unexpected")
        assert "secret" not in answer.text

    run(work())


@pytest.mark.parametrize("path", ["/", "/identify", "/register/departments", f"/pay/{PAYMENT}", "/payments", "/help"])
def test_without_the_platform_every_page_says_so_and_comes_back_by_itself(path: str) -> None:
    async def work() -> None:
        browser = paired()
        await browser.get("/")
        browser.platform.away = True
        browser.platform.clock.at = NOW + timedelta(seconds=10)
        answer = await browser.get(path)
        seen = page(answer)
        assert (answer.status_code, seen["is"], seen["v"]["reason"]) == (503, "ClosedView", "platform_down")
        assert answer.headers["retry-after"] == "2"
        assert seen["c"]["hospital"] == "云山市人民医院"
        assert "away=1" in seen["c"]["events"]
        assert browser.cookie("yinyi_visit") != ""

    run(work())


def test_a_screen_that_never_reached_the_platform_says_so_too() -> None:
    async def work() -> None:
        browser = Browser(Platform(away=True))
        browser.set_cookie("yinyi_screen", SCREEN)
        answer = await browser.get("/")
        assert (answer.status_code, page(answer)["v"]["reason"]) == (503, "platform_down")

    run(work())


def test_the_terminal_is_asked_at_most_every_two_seconds() -> None:
    async def work() -> None:
        browser = paired()
        for _ in range(5):
            await browser.get("/payments")
        assert [asked.name for asked in browser.platform.asked].count("GetTerminal") == 1
        browser.platform.clock.at = NOW + timedelta(seconds=3)
        await browser.get("/payments")
        assert [asked.name for asked in browser.platform.asked].count("GetTerminal") == 2

    run(work())
