"""Times, amounts and names as pages say them."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from yinyi.interface.journeys import views
from yinyi.interface.journeys.purposes.table import words
from yinyi.interface.journeys.wording import Wording
from yinyi.interface.text.catalogue import catalogue

ZONE = ZoneInfo("Asia/Shanghai")
ENGLISH, CHINESE = Wording(catalogue("en"), ZONE), Wording(catalogue("zh-CN"), ZONE)
BEFORE_MIDNIGHT = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)
AFTER_MIDNIGHT = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)


def test_times_are_the_hospitals() -> None:
    assert ENGLISH.clock(BEFORE_MIDNIGHT) == "23:59"
    assert ENGLISH.clock(AFTER_MIDNIGHT) == "0:05"
    assert ENGLISH.clock(time(17, 30)) == "17:30"


def test_today_is_called_today_by_the_hospitals_midnight() -> None:
    assert CHINESE.day(AFTER_MIDNIGHT) == "11月24日"
    assert CHINESE.day(AFTER_MIDNIGHT, BEFORE_MIDNIGHT) == "11月24日"
    assert CHINESE.day(AFTER_MIDNIGHT, AFTER_MIDNIGHT) == "今天 11月24日"
    assert ENGLISH.day(date(2026, 11, 24), AFTER_MIDNIGHT) == "Today 24 Nov"
    assert (ENGLISH.weekday_on(AFTER_MIDNIGHT), CHINESE.weekday_on(AFTER_MIDNIGHT)) == (
        "Tuesday 24 Nov",
        "11月24日 星期二",
    )


@pytest.mark.parametrize(("hour_utc", "day"), [(21, False), (22, True), (9, True), (10, False)])
def test_sun_from_six_to_six(hour_utc: int, day: bool) -> None:
    assert ENGLISH.is_day(datetime(2026, 11, 23, hour_utc, tzinfo=UTC)) is day


def test_names() -> None:
    window = views.Counter(name="一楼 3 号窗口", name_en="Window 3")
    unnamed = views.Counter(name="一楼 3 号窗口", name_en="")
    assert (CHINESE.named(window), ENGLISH.named(window), ENGLISH.named(unnamed)) == (
        "一楼 3 号窗口",
        "Window 3",
        "一楼 3 号窗口",
    )
    shut = views.Counter(name="窗口", name_en="Window", opens_at=time(7))
    assert (CHINESE.named(shut), ENGLISH.named(shut)) == ("窗口（7:00 起有人）", "Window (from 7:00)")


@pytest.mark.parametrize(
    ("name", "english", "chinese"),
    [
        ("03", "Machine 03", "03 号机"),
        ("03 号机", "Machine 03", "03 号机"),
        ("门诊一号", "门诊一号", "门诊一号"),
        ("", "", ""),
    ],
)
def test_machine(name: str, english: str, chinese: str) -> None:
    assert (ENGLISH.machine(name), CHINESE.machine(name)) == (english, chinese)


def test_a_day_of_long_ago_has_its_year_in_the_form_of_the_language() -> None:
    """The year of the hospital's midnight, not of Greenwich's."""
    new_year = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)
    assert (CHINESE.dated(new_year), ENGLISH.dated(new_year)) == ("2026年1月1日", "1 Jan 2026")
    assert CHINESE.dated(date(2025, 2, 3)) == "2025年2月3日"
    assert (CHINESE.month(date(2026, 12, 1)), ENGLISH.month(date(2026, 12, 1))) == ("12月", "Dec")


def test_units_are_written_as_people_write_them() -> None:
    assert [ENGLISH.unit(code) for code in ("10*9/L", "10^12/L", "g/L", "1")] == ["10⁹/L", "10¹²/L", "g/L", ""]


@pytest.mark.parametrize(
    ("written", "english", "untold"),
    [
        ("阴性", "Negative", False),
        ("弱阳性", "Weakly positive", False),
        ("大肠埃希菌", "大肠埃希菌", True),
        ("3.5–9.5", "3.5–9.5", False),
        ("", "", False),
    ],
)
def test_results_that_are_words(written: str, english: str, untold: bool) -> None:
    assert (ENGLISH.result(written), ENGLISH.untold(written)) == (english, untold)
    assert (CHINESE.result(written), CHINESE.untold(written)) == (written, False)


def test_no_purpose_is_said_in_the_words_of_another() -> None:
    """One English text may serve several purposes where its Chinese would not."""
    said = {name: "".join(vars(each).values()) for name, each in words(catalogue("zh-CN").say).items()}
    assert {name for name, text in said.items() if "充" in text} == {"top_up"}
    assert {name for name, text in said.items() if "费用单" in text} == {"invoice"}
    assert "挂号单" not in said["appointment"]
    assert "号已经退回" not in said["check_in"]
