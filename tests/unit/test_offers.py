"""What terminals offer: by profile, hours, closures and devices."""

from datetime import UTC, datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinyi.app.operations import declared_operations
from yinyi.business.terminals.model import (
    BROKEN,
    SERVICES,
    SEVERITY,
    Closed,
    Condition,
    DeviceView,
    Offer,
    ServiceName,
    TerminalProfile,
)
from yinyi.business.terminals.offers import (
    CLOSES,
    OFFERED,
    Closure,
    Rules,
    ServiceHours,
    at_terminal,
    offers,
    opening,
    worst,
)
from yinyi.kernel.errors import ServiceClosed
from yinyi.wire import terminal_line

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
"""Half past nine in the hospital, a Monday."""
CARDS = DeviceView(device="c", kind="card_terminal", state="ok")
DEVICES = [DeviceView(device="p", kind="receipt_printer", state="ok"), CARDS]

times = st.times().map(lambda each: each.replace(second=0, microsecond=0))
instants = st.integers(0, 7 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
closures = st.lists(
    st.tuples(instants, st.integers(1, 3 * 24 * 60)).map(
        lambda span: closure("clinics", span[0], span[0] + timedelta(minutes=span[1]))
    ),
    max_size=4,
)


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def hours(opens: time, closes: time, service: ServiceName = "register", *, offered: bool = True) -> ServiceHours:
    return ServiceHours(profile="hall", service=service, offered=offered, opens=opens, closes=closes)


def closure(what: Closed, begins_at: datetime, ends_at: datetime) -> Closure:
    return Closure(closure_id=1, what=what, begins_at=begins_at, ends_at=ends_at)


def offer(
    service: ServiceName,
    rules: Rules,
    now: datetime = NOW,
    profile: TerminalProfile = "hall",
    printer: Condition = "ok",
) -> Offer | None:
    devices = [DeviceView(device="p", kind="receipt_printer", state=printer), CARDS]
    found = offers(profile, rules, devices, now, ZONE)
    return next((each for each in found if each.service == service), None)


# ---- by profile


@pytest.mark.parametrize("profile", get_args(TerminalProfile))
def test_a_profile_offers_what_it_is_for_round_the_clock(profile: TerminalProfile) -> None:
    for minutes in range(0, 24 * 60, 97):
        found = offers(profile, Rules(), DEVICES, NOW + timedelta(minutes=minutes), ZONE)
        assert [each.service for each in found] == [each for each in SERVICES if each in OFFERED[profile]]
        assert not [each for each in found if each.shut]


def test_a_ward_sells_what_its_patients_need_day_and_night() -> None:
    assert {"register", "book", "bills", "inpatient"} <= OFFERED["ward"]


def test_a_hospital_takes_a_service_off_or_puts_one_on() -> None:
    off = Rules(hours=[hours(time(0), time(0), "account", offered=False)])
    assert offer("account", off) is None
    on = Rules(hours=[ServiceHours(profile="ward", service="check_in", offered=True, opens=time(0), closes=time(0))])
    assert offer("check_in", on, profile="ward") == Offer(service="check_in")
    assert offer("check_in", on, profile="emergency") is None, "that was said of wards"


# ---- by hours


@pytest.mark.parametrize(
    ("now", "opens_at"),
    [
        (at(5, 59), at(6)),
        (at(6), None),
        (at(17, 29), None),
        (at(17, 30), at(6, day=24)),
        (at(23, 59), at(6, day=24)),
    ],
)
def test_by_night_it_says_when_it_opens(now: datetime, opens_at: datetime | None) -> None:
    found = offer("register", Rules(hours=[hours(time(6), time(17, 30))]), now)
    assert found == Offer(service="register", shut="hours" if opens_at else "", opens_at=opens_at)


@pytest.mark.parametrize(("now", "is_open"), [(at(21), False), (at(22), True), (at(3), True), (at(6), False)])
def test_hours_may_go_over_midnight(now: datetime, is_open: bool) -> None:
    found = offer("register", Rules(hours=[hours(time(22), time(6))]), now)
    assert found is not None
    assert (found.opens_at is None) is is_open
    assert is_open or found.opens_at == at(22)


@given(times, times, closures, instants)
def test_it_opens_when_it_is_said_to_and_not_before(
    opens: time, closes: time, closed: list[Closure], now: datetime
) -> None:
    told = opening(hours(opens, closes), closed, now, ZONE)
    assert told is not None
    assert opening(hours(opens, closes), closed, told, ZONE) == told, "it is open then"
    minutes = int((told - now).total_seconds() // 60)
    for each in range(0, minutes, max(1, minutes // 40)):
        assert opening(hours(opens, closes), closed, now + timedelta(minutes=each), ZONE) == told


# ---- by the calendar


def test_a_holiday_closes_the_clinics_and_ends_in_opening_hours() -> None:
    rules = Rules(hours=[hours(time(6), time(17))], closures=[closure("clinics", at(0), at(0, day=25))])
    assert offer("register", rules) == Offer(service="register", shut="closed", opens_at=at(6, day=25))
    assert offer("inpatient", rules) == Offer(service="inpatient")
    assert offer("register", rules, profile="emergency") == Offer(service="register")


def test_while_the_hospitals_system_rests_only_what_is_ours_is_open() -> None:
    rules = Rules(closures=[closure("hospital_system", at(9), at(10))])
    found = offers("hall", rules, DEVICES, NOW, ZONE)
    assert {each.service for each in found if not each.shut} == {"account", "find_payment", "reprint", "card_balance"}
    assert {each.opens_at for each in found if each.shut} == {at(10)}
    assert offer("register", rules, profile="emergency") == Offer(service="register", shut="closed", opens_at=at(10)), (
        "it rests there too"
    )
    assert offer("register", rules, at(10)) == Offer(service="register")


def test_every_kind_of_closure_leaves_payments_to_be_found() -> None:
    assert set(CLOSES) == set(get_args(Closed))
    assert all("find_payment" not in closed for closed in CLOSES.values())


# ---- by devices


@pytest.mark.parametrize("state", get_args(Condition))
def test_without_a_printer_nothing_is_printed_again(state: Condition) -> None:
    found = offer("reprint", Rules(), printer=state)
    assert found is not None
    assert (found.shut == "device") is (state in BROKEN)
    without = [each.service for each in offers("hall", Rules(), [], NOW, ZONE) if each.shut == "device"]
    assert without == ["reprint", "card_balance"]


@pytest.mark.parametrize("state", get_args(Condition))
def test_the_worst_device_says_how_much_staff_are_needed(state: Condition) -> None:
    devices = [*DEVICES, DeviceView(device="d", kind="door", state=state), *DEVICES]
    assert worst(True, devices) == SEVERITY[state]
    assert worst(False, devices) == "broken", "nobody knows how they are"
    assert worst(True, []) == "fine"


def test_every_condition_of_the_line_has_a_severity() -> None:
    assert set(SEVERITY) == set(get_args(terminal_line.Condition)) == set(get_args(Condition))
    assert SEVERITY["ok"] == "fine"
    assert SEVERITY["paper_low"] == "soon"


# ---- and what is asked for is what is offered


@given(st.sampled_from(get_args(TerminalProfile)), times, times, closures, instants, st.booleans())
def test_what_may_be_asked_for_is_what_the_first_page_offers(
    profile: TerminalProfile, opens: time, closes: time, closed: list[Closure], now: datetime, offered: bool
) -> None:
    said = [ServiceHours(profile=profile, service="bills", offered=offered, opens=opens, closes=closes)]
    rules = Rules(hours=said, closures=[*closed, closure("hospital_system", NOW, NOW + timedelta(hours=3))])
    shown = {each.service: each for each in offers(profile, rules, DEVICES, now, ZONE)}
    for service in SERVICES:
        assert at_terminal(profile, service, rules, now, ZONE) == shown.get(service)


def test_operations_belong_to_services_and_what_is_under_way_to_none() -> None:
    """Who has begun to pay, asks after it, gives a number back or wants his paper again is never sent away."""
    of_service = {spec.name: spec.service for spec in declared_operations() if spec.service}
    assert set(of_service.values()) == set(SERVICES) - {"find_payment", "reprint"}
    assert {"RegisterToday", "BookAppointment", "CheckIn", "PayInvoices", "TopUp", "PayDeposit"} <= set(of_service)
    never = {
        *("GetPayment", "ListPayments", "ChooseTender", "SubmitScanned", "ReadCard", "CancelPayment", "AgreeToQuote"),
        *("GetRegistration", "ListRegistrations", "GetAppointment", "ListAppointments", "CancelAppointment"),
        *("GetInvoice", "GetInvoicePayment", "GetDeposit", "GetPrepaidAccount", "GetTopUp", "IssueHoldSlip"),
        *("PrintSlip", "ReprintSlip", "ListDocuments", "GetSheets", "GetFiscalInvoice"),
    }
    assert not never & set(of_service)
    for spec in declared_operations():
        assert (ServiceClosed in spec.errors) is bool(spec.service)
