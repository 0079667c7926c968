"""The kiosk's pages after it is known who stands there: clinics, doctors, papers, looks."""

from datetime import datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from kiosk_platform import (
    CARDIOLOGY,
    DEPARTMENTS,
    DOCTOR,
    NOW,
    PAYMENT,
    PERSON,
    TERMINAL,
    TODAY,
    ZONE,
    document,
    paired,
    registration,
    run,
    session_of,
    sessions,
)

from yinyi.business.documents.errors import NothingToPrint
from yinyi.business.documents.messages import Documents
from yinyi.business.scheduling.messages import Departments, Registrations
from yinyi.business.scheduling.model import Visit
from yinyi.business.terminals.model import Counter, StaffCall
from yinyi.kernel.errors import InvalidField

# ---- which clinic, which doctor


def test_common_clinics_come_first() -> None:
    async def work() -> None:
        view = (await paired().see("/register"))["v"]
        assert [each["department_id"] for each in view["departments"]] == ["D02"]
        assert (view["by"], view["same_as_last"]) == ("common", None)

    run(work())


def test_same_as_last_time_says_whether_the_doctor_is_here_today() -> None:
    async def work() -> None:
        last = Visit(visited_on=TODAY - timedelta(days=40), department_id="D02", practitioner_id="P1")
        found = Departments(departments=DEPARTMENTS.departments, last_visit=last, last_practitioner=DOCTOR)
        full, later = session_of("S1", taken=40), session_of("S2", starts_at=NOW + timedelta(hours=4))
        for today, here, session in [
            (sessions(), True, "S1"),
            (sessions(later, full), True, "S2"),
            (sessions(full), True, ""),
            (sessions(session_of("S1", status="stopped")), False, ""),
            (sessions(session_of("S1", practitioner_id="P2")), False, ""),
        ]:
            view = (await paired(ListDepartments=found, ListSchedules=today).see("/register/departments"))["v"]
            last = view["same_as_last"]
            assert (last["doctor"], last["here_today"], last["schedule_id"]) == ("李明华", here, session)
        unknown = paired(ListDepartments=found, ListSchedules=InvalidField())
        assert (await unknown.see("/register/departments"))["v"]["same_as_last"] is None

    run(work())


@pytest.mark.parametrize(
    ("hour", "helps", "window"),
    [
        (10, "导诊台", None),
        (18, "3 号窗口", None),
        (6, "3 号窗口", None),
        (22, "3 号窗口", time(6)),
        (3, "3 号窗口", time(6)),
    ],
)
def test_nobody_is_sent_where_nobody_is(hour: int, helps: str, window: time | None) -> None:
    async def work() -> None:
        desk = Counter(name="导诊台", name_en="Desk", open_from=time(7), open_until=time(17, 30))
        counter = Counter(name="3 号窗口", name_en="Window 3", open_from=time(6), open_until=time(22))
        browser = paired(GetTerminal=msgspec.structs.replace(TERMINAL, window=counter, triage=desk))
        browser.platform.clock.at = datetime(2026, 11, 23, hour, tzinfo=ZONE)
        around = (await browser.see("/register/departments"))["c"]
        assert (around["triage"]["name"], around["window"]["name"]) == (helps, "3 号窗口")
        assert around["window"]["opens_at"] == (window and window.isoformat())

    run(work())


def test_clinics_by_floor_and_by_initial() -> None:
    async def work() -> None:
        browser = paired()
        floors = (await browser.see("/register/departments?by=floor"))["v"]
        assert [group["at"] for group in floors["groups"]] == ["1", "2"]
        second = (await browser.see("/register/departments?by=floor&at=2"))["v"]
        assert [each["name"] for each in second["departments"]] == ["心血管内科"]
        initials = (await browser.see("/register/departments?by=initial&at=nowhere"))["v"]
        assert [group["at"] for group in initials["groups"]] == ["E", "X"]

    run(work())


def test_doctors_show_what_is_left_and_when_there_is_more() -> None:
    async def work() -> None:
        full = session_of("S1", taken=40)
        night = session_of("S2", session="night", starts_at=NOW + timedelta(hours=9), taken=0, capacity=5)
        free = session_of("S3", practitioner_id="P2")
        gone = session_of("S4", practitioner_id="P3", status="closed")
        view = (await paired(ListSchedules=sessions(full, night, free, gone)).see("/register/doctors/D02"))["v"]
        assert [(each["session"], each["left"], each["chosen"]) for each in view["sessions"]] == [
            ("morning", 28, True),
            ("night", 5, False),
        ]
        assert [(each["schedule_id"], each["state"]) for each in view["doctors"]] == [
            ("S3", "open"),
            ("S1", "full"),
            ("S4", "closed"),
        ]
        assert view["doctors"][1]["later"] == {"session": "night", "left": 5}
        at_night = await paired(ListSchedules=sessions(full, night)).see("/register/doctors/D02?session=night")
        assert [each["schedule_id"] for each in at_night["v"]["doctors"]] == ["S2"]

    run(work())


@pytest.mark.parametrize(
    ("status", "since_end", "state"),
    [
        ("open", timedelta(), "over"),
        ("closed", timedelta(hours=1), "over"),
        ("closed", -timedelta(minutes=5), "closed"),
    ],
)
def test_a_session_that_is_over_says_so_and_another_day_is_offered(
    status: Any, since_end: timedelta, state: str
) -> None:
    async def work() -> None:
        over = session_of("S1", status=status, ends_at=NOW - since_end)
        gone = session_of("S2", session="afternoon", status="stopped", practitioner_id="P2")
        view = (await paired(ListSchedules=sessions(over, gone)).see("/register/doctors/D02"))["v"]
        assert [(each["left"], each["state"]) for each in view["sessions"]] == [(0, state), (0, "stopped")]
        assert [each["state"] for each in view["doctors"]] == [state]
        assert view["other_days"]
        evening = session_of("S3", session="night", practitioner_id="P3")
        assert not (await paired(ListSchedules=sessions(over, evening)).see("/register/doctors/D02"))["v"]["other_days"]
        offers = [each for each in TERMINAL.offers if each.service != "book"]
        elsewhere = msgspec.structs.replace(TERMINAL, offers=offers)
        seen = await paired(GetTerminal=elsewhere, ListSchedules=sessions(over)).see("/register/doctors/D02")
        assert not seen["v"]["other_days"], "days are not booked at this terminal"

    run(work())


def test_a_clinic_without_doctors_today_is_a_page_too() -> None:
    async def work() -> None:
        empty = msgspec.structs.replace(sessions(), sessions=[])
        view = (await paired(ListSchedules=empty).see("/register/doctors/D02"))["v"]
        assert (view["sessions"], view["doctors"]) == ([], [])

    run(work())


def test_a_doctor_is_introduced() -> None:
    async def work() -> None:
        browser = paired()
        view = (await browser.see("/register/doctors/D02/S1"))["v"]
        assert (view["introduction"], view["doctor"]["left"]) == ("从医三十年。", 28)
        asked = browser.platform.last("GetSchedule").message
        assert msgspec.to_builtins(asked) == {"department_id": "D02", "schedule_id": "S1"}

    run(work())


# ---- afterwards


def test_papers_can_be_printed_again() -> None:
    async def work() -> None:
        paper = document("printed")
        paid = Registrations(registrations=[registration("fulfilled")])
        browser = paired(
            ListRegistrations=paid, ListDocuments=Documents(documents=[paper, document("printed", payment_no="else")])
        )
        view = (await browser.see("/reprint"))["v"]
        assert [(slip["document_no"], slip["subject"]["number"], slip["kind"]) for slip in view["slips"]] == [
            (paper.document_no, 16, "registration")
        ]
        answer = await browser.post("/reprint", document_no=paper.document_no, key=view["key"])
        assert answer.headers["location"] == f"/kiosk/reprint?document={paper.document_no}"
        chosen = await browser.see(f"/reprint?document={paper.document_no}")
        assert (chosen["v"]["chosen"], chosen["v"]["printing"]) == (paper.document_no, "printed")

    run(work())


@pytest.mark.parametrize(
    ("state", "listed"),
    [
        ("ready", [("D2", "hold"), ("D3", "fiscal")]),
        ("fulfilled", [("D2", "registration"), ("D3", "fiscal")]),
        ("returning", [("D2", "refund"), ("D3", "fiscal")]),
        ("returned", [("D2", "refund"), ("D3", "fiscal")]),
        ("closed", []),
    ],
)
def test_a_paper_is_listed_as_what_comes_out_once_for_each_payment(state: Any, listed: list[tuple[str, str]]) -> None:
    async def work() -> None:
        kinds = {"D2": "hold", "D1": "checking", "D3": "fiscal"}
        papers = [document("printed", kind, document_no=number) for number, kind in kinds.items()]
        stands = Registrations(registrations=[registration(state)])
        browser = paired(ListRegistrations=stands, ListDocuments=Documents(documents=papers))
        slips = (await browser.see("/reprint"))["v"]["slips"]
        assert [(each["document_no"], each["kind"]) for each in slips] == listed

    run(work())


def test_whose_paper_is_none_any_more_sees_what_became_of_his_payment() -> None:
    async def work() -> None:
        answer = await paired(ReprintSlip=NothingToPrint()).post("/reprint", document_no="D100", key="c" * 22)
        assert answer.headers["location"] == "/kiosk/payments"

    run(work())


@pytest.mark.parametrize(
    ("state", "line_ok", "printing"),
    [
        ("queued", True, "printing"),
        ("queued", False, "offline"),
        ("jam", True, "failed"),
        ("paper_out", True, "paper_out"),
    ],
)
def test_how_the_printing_goes_is_told(state: str, line_ok: bool, printing: str) -> None:
    async def work() -> None:
        paper = document(state)
        terminal = msgspec.structs.replace(TERMINAL, line_ok=line_ok)
        browser = paired(GetTerminal=terminal, ListDocuments=Documents(documents=[paper]))
        seen = await browser.see(f"/reprint?document={paper.document_no}")
        assert seen["v"]["printing"] == printing
        assert seen["c"]["can_time_out"] is (printing != "printing")
        assert ("paper=1" in seen["c"]["events"]) is (printing == "printing")

    run(work())


def test_payments_are_listed_with_what_became_of_them() -> None:
    async def work() -> None:
        row = (await paired().see("/payments"))["v"]["payments"][0]
        assert (row["payment_no"], row["state"], row["subject"]["name"]) == (PAYMENT, "waiting", CARDIOLOGY.name)

    run(work())


@pytest.mark.parametrize(
    ("stands", "in_minutes", "promised"),
    [
        ({"state": "delivering"}, 10, True),
        ({"state": "delivering"}, -10, False),
        ({"state": "returning"}, 10, True),
        ({"state": "returning", "at_window": True}, 10, False),
    ],
)
def test_nothing_is_promised_of_what_is_over_or_waits_at_the_window(
    stands: dict[str, Any], in_minutes: int, promised: bool
) -> None:
    async def work() -> None:
        by = NOW + timedelta(minutes=in_minutes)
        it = registration(**stands, resolves_by=by, attention=True)
        browser = paired(GetRegistration=it, ListRegistrations=Registrations(registrations=[it]))
        row = (await browser.see("/payments"))["v"]["payments"][0]
        trouble = (await browser.see(f"/trouble/{PAYMENT}"))["v"]
        assert (row["resolves_by"] is not None, trouble["resolves_by"] is not None) == (promised, promised)

    run(work())


@pytest.mark.parametrize(
    ("ago_s", "answered", "state"),
    [(5, False, "called"), (130, False, "nobody"), (130, True, "coming")],
)
def test_a_call_for_staff_tells_how_it_stands(ago_s: int, answered: bool, state: str) -> None:
    async def work() -> None:
        called = NOW - timedelta(seconds=ago_s)
        call = StaffCall(
            call_id=7, terminal_id="K01", place="大厅", called_at=called, answered_at=NOW if answered else None
        )
        browser = paired(GetStaffCall=call, CallStaff=call)
        assert (await browser.post("/help")).headers["location"] == "/kiosk/help"
        assert len(browser.platform.last("CallStaff").key) >= 16
        seen = await browser.see("/help")
        assert seen["v"]["state"] == state
        assert ("call=1" in seen["c"]["events"]) is (state == "called")

    run(work())


def test_without_a_call_help_is_home() -> None:
    async def work() -> None:
        assert (await paired(GetStaffCall=None).see("/help"))["is"] == "HomeView"

    run(work())


def test_help_comes_whether_a_session_holds_or_not() -> None:
    async def work() -> None:
        call = StaffCall(call_id=7, terminal_id="K01", place="大厅", called_at=NOW)
        browser = paired(GetStaffCall=call, CallStaff=call)
        browser.platform.sessions.clear()
        assert (await browser.post("/help")).headers["location"] == "/kiosk/help"
        assert (await browser.see("/help"))["v"]["state"] == "called"

    run(work())


# ---- how it looks


def test_language_and_looks_are_kept_and_lead_back() -> None:
    async def work() -> None:
        browser = paired(known=False)
        here = "/kiosk/register/departments?by=floor"
        answer = await browser.post("/settings", language="en", theme="contrast", reach="low", here=here)
        assert (answer.status_code, answer.headers["location"]) == (303, here)
        seen = await browser.see("/register/departments")
        chrome = seen["c"]
        assert (chrome["language"], chrome["theme"], chrome["reach"]) == ("en", "contrast", "low")
        assert browser.platform.last("ListDepartments").language == "en"

    run(work())


@pytest.mark.parametrize(
    "here",
    ["", "https://evil.test/kiosk/", "//evil.test/kiosk/", "/kiosk//evil.test", "/kiosk/\\evil", "/admin", "/kiosk/ x"],
)
def test_settings_never_lead_out(here: str) -> None:
    async def work() -> None:
        answer = await paired().post("/settings", language="en", here=here)
        assert answer.headers["location"] == "/kiosk/"

    run(work())


def test_large_print_is_offered_once_and_kept_with_the_patient() -> None:
    async def work() -> None:
        browser = paired()
        browser.platform.sessions["session-token"] = msgspec.structs.replace(PERSON, age=68, offer_elder=True)
        assert (await browser.see("/"))["c"]["offer_elder"] is True
        await browser.post("/settings", mode="elder", here="/kiosk/")
        assert msgspec.to_builtins(browser.platform.last("PreferElder").message) == {"elder": True}
        seen = await browser.see("/")
        assert (seen["c"]["mode"], seen["c"]["offer_elder"]) == ("elder", False)
        await browser.post("/settings", mode="normal", here="/kiosk/")
        seen = await browser.see("/")
        assert (seen["c"]["mode"], seen["c"]["offer_elder"]) == ("normal", False)

    run(work())


def test_who_had_large_print_the_last_time_has_it_again() -> None:
    async def work() -> None:
        browser = paired()
        browser.platform.sessions["session-token"] = msgspec.structs.replace(PERSON, age=80, elder=True)
        seen = await browser.see("/register/departments")
        assert (seen["c"]["mode"], seen["c"]["offer_elder"]) == ("elder", False)

    run(work())


def test_a_look_that_does_not_exist_changes_nothing() -> None:
    async def work() -> None:
        browser = paired(known=False)
        await browser.post("/settings", language="fr", mode="huge", here="/kiosk/")
        chrome = (await browser.see("/"))["c"]
        assert (chrome["language"], chrome["mode"]) == ("zh-CN", "normal")

    run(work())


def test_registration_of_now_stands_in_the_steps() -> None:
    async def work() -> None:
        browser = paired(GetRegistration=registration())
        assert (await browser.see("/register/departments"))["c"]["steps"] == [
            "department",
            "doctor",
            "check",
            "pay",
            "take",
        ]
        assert (await browser.see("/payments"))["c"]["steps"] == []

    run(work())
