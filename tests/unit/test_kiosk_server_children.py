"""A guardian and a child at the kiosk: what the pages ask of the platform, and where they lead."""

from datetime import date
from typing import Any, get_args

import msgspec
import pytest
from kiosk_platform import PERSON, TERMINAL, page, paired, run

from yinyi.business.identity.errors import (
    AlreadyYourChild,
    CardUnreadable,
    CheckDigitWrong,
    ChildAtWindow,
    GuardianTooYoung,
    NoCard,
    NotAChild,
    TooManyChildren,
    TooManyTries,
    WindowOnly,
)
from yinyi.business.identity.messages import Identified
from yinyi.business.identity.messages_children import ChildFound, Children, ChildView, ReadChild, RegisterChild
from yinyi.interface.journeys import spelling
from yinyi.interface.journeys.views_children import ChildProblem
from yinyi.kernel.errors import YinyiError

CHILD = ChildView(child_id=41, name_masked="陈*桐", age=7, sex="female", relation="mother", number_tail="0004")
NONE = Children(children=[], may_add=True, below_age=14)
ONE = Children(children=[CHILD], may_add=True, below_age=14)
FOUND = ChildFound(
    ticket="t1", name_masked="陈*桐", sex="female", born_on=date(2019, 6, 1), number_tail="008X", on_record=False
)
OF_CHILD = Identified(status="known", session_token="of-the-child")


def test_whoever_has_children_is_asked_for_whom_he_is_here() -> None:
    async def work() -> None:
        known = Identified(status="known", session_token="session-token", has_children=True)
        browser = paired(known=False, Identify=known, ListChildren=ONE)
        browser.set_cookie("yinyi_visit", "register.ticket.")
        assert (await browser.get("/identify")).headers["location"] == "/kiosk/children"
        assert browser.cookie("yinyi_visit") == "register.session.session-token", "he came to register"
        view = (await browser.see("/children"))["v"]
        assert [(each["child_id"], each["name"]) for each in view["rows"]] == [(41, "陈*桐")]

    run(work())


def test_a_child_is_chosen_and_what_he_came_for_goes_on() -> None:
    async def work() -> None:
        browser = paired(ListChildren=ONE, ActForChild=OF_CHILD)
        went = await browser.post("/children", child_id="41")
        assert went.headers["location"] == "/kiosk/register/departments"
        assert browser.cookie("yinyi_visit") == "register.session.of-the-child"
        assert msgspec.to_builtins(browser.platform.last("ActForChild").message) == {"child_id": 41}
        for nonsense in ("x", "-1", "9" * 30):
            assert (await paired(ListChildren=ONE).post("/children", child_id=nonsense)).status_code == 409

    run(work())


def test_for_himself_nothing_changes_unless_he_acts_for_a_child() -> None:
    async def work() -> None:
        browser = paired(ListChildren=ONE)
        assert (await browser.post("/children", child_id="")).headers["location"] == "/kiosk/register/departments"
        acting = msgspec.structs.replace(ONE, acting=True)
        browser = paired(ListChildren=acting, ActForOneself=Identified(status="known", session_token="mine"))
        await browser.post("/children", child_id="")
        assert browser.cookie("yinyi_visit") == "register.session.mine"

    run(work())


def test_who_is_it_comes_first() -> None:
    async def work() -> None:
        for path in ("/children", "/children/new"):
            answer = await paired(known=False).get(path)
            assert answer.headers["location"] == "/kiosk/identify"

    run(work())


def test_a_childs_card_is_read_and_the_guardian_agrees() -> None:
    async def work() -> None:
        on_it = msgspec.structs.replace(TERMINAL, card_in_reader=True)
        browser = paired(GetTerminal=on_it, ListChildren=NONE, ReadChild=FOUND, RegisterChild=OF_CHILD)
        view = (await browser.see("/children/new"))["v"]
        assert (view["card"], view["below_age"]) == (True, 14)
        shown = page(await browser.post("/children/new", stage="document", document="card"))
        assert (shown["is"], shown["v"]["ticket"]) == ("ChildConsentView", "t1")
        went = await browser.post("/children/agree", ticket="t1", relation="father")
        assert went.headers["location"] == "/kiosk/register/departments"
        assert browser.platform.last("RegisterChild").message == RegisterChild(
            ticket="t1", relation="father", consent=True
        )
        assert browser.cookie("yinyi_visit") == "register.session.of-the-child"
        assert (await browser.post("/children/agree", ticket="t1", relation="aunt")).status_code == 409

    run(work())


def test_what_no_card_says_is_typed_step_by_step() -> None:
    async def work() -> None:
        browser = paired(ListChildren=NONE, ReadChild=FOUND)
        by: dict[str, str] = {"document": "birth_certificate"}

        async def says(**fields: str) -> Any:
            return page(await browser.post("/children/new", **by, **fields))["v"]

        assert (await says(stage="document"))["stage"] == "letter"
        assert (await says(stage="letter", number="1"))["wrong"]
        assert (await says(stage="letter", number="q"))["stage"] == "digits"
        assert (await says(stage="digits", number="Q", digits="1234"))["wrong"]
        named = await says(stage="digits", number="Q", digits="110000123")
        assert (named["stage"], named["number"]) == ("name", "Q110000123")
        assert (await says(stage="name", number="Q110000123", spelt="xyz"))["wrong"]
        pick = await says(stage="name", number="Q110000123", spelt="Chen")
        assert (pick["stage"], pick["choices"][0]) == ("pick", "陈")
        more = await says(stage="pick", number="Q110000123", spelt="yi", page="2")
        assert (more["page"], more["choices"][0]) == (2, spelling.characters("yi")[12])
        longer = await says(stage="pick", number="Q110000123", spelt="chen", pick="陈", name="")
        assert (longer["stage"], longer["name"], longer["spelt"]) == ("name", "陈", "")
        assert (await says(stage="name", number="Q110000123", name="陈", shorter="1"))["name"] == ""
        assert (await says(stage="name", number="Q110000123", name="陈", done="1"))["stage"] == "name"
        assert (await says(stage="name", number="Q110000123", name="陈雨", done="1"))["stage"] == "sex"
        assert (await says(stage="sex", number="Q110000123", name="陈雨", sex="male"))["stage"] == "born"
        assert (await says(stage="born", number="Q110000123", name="陈雨", sex="male", born="20260231"))["wrong"]
        consent = await says(stage="born", number="Q110000123", name="陈雨", sex="male", born="20261101")
        assert consent["ticket"] == "t1"
        assert browser.platform.last("ReadChild").message == ReadChild(
            document="birth_certificate", number="Q110000123", name="陈雨", sex="male", born_on=date(2026, 11, 1)
        )

    run(work())


def test_a_number_says_sex_and_birthday_itself() -> None:
    async def work() -> None:
        browser = paired(ListChildren=NONE, ReadChild=FOUND)
        by = {"document": "resident_number", "stage": "number"}
        assert page(await browser.post("/children/new", **by, number="123"))["v"]["wrong"]
        named = page(await browser.post("/children/new", **by, number="11019920190601008x"))["v"]
        assert (named["stage"], named["number"]) == ("name", "11019920190601008X")
        await browser.post(
            "/children/new", document="resident_number", stage="name", number=named["number"], name="陈雨桐", done="1"
        )
        asked = browser.platform.last("ReadChild").message
        assert asked == ReadChild(document="resident_number", number="11019920190601008X", name="陈雨桐")

    run(work())


@pytest.mark.parametrize(("region", "number"), [("H", "H12345678"), ("M", "M12345678"), ("T", "12345678")])
def test_a_travel_permit_is_typed_without_a_keyboard(region: str, number: str) -> None:
    async def work() -> None:
        browser = paired(ListChildren=NONE, ReadChild=FOUND)
        by: dict[str, str] = {"document": "travel_permit"}
        assert page(await browser.post("/children/new", **by, stage="document"))["v"]["stage"] == "region"
        digits = page(await browser.post("/children/new", **by, stage="region", number=region))["v"]
        assert (digits["stage"], digits["number"]) == ("digits", region)
        wrong = page(await browser.post("/children/new", **by, stage="digits", number=region, digits="123456789"))["v"]
        assert wrong["wrong"]
        named = page(await browser.post("/children/new", **by, stage="digits", number=region, digits="12345678"))["v"]
        said = {**by, "number": named["number"], "name": "陈大文"}
        assert page(await browser.post("/children/new", **said, stage="name", done="1"))["v"]["stage"] == "sex"
        await browser.post("/children/new", **said, stage="born", sex="male", born="20200229")
        asked = browser.platform.last("ReadChild").message
        assert asked == ReadChild(
            document="travel_permit", number=number, name="陈大文", sex="male", born_on=date(2020, 2, 29)
        )

    run(work())


@pytest.mark.parametrize(
    "fields",
    [
        {"document": "passport", "stage": "document"},
        {"document": "birth_certificate", "stage": "nonsense"},
        {"document": "travel_permit", "stage": "region", "number": "X"},
        {"document": "birth_certificate", "stage": "name", "name": "<script>"},
        {"document": "birth_certificate", "stage": "pick", "name": "陈", "pick": "雨桐"},
        {"document": "birth_certificate", "stage": "pick", "name": "陈" * 12, "pick": "雨"},
        {"document": "birth_certificate", "stage": "born", "born": "20261101", "sex": "x"},
    ],
)
def test_a_form_that_is_not_ours_asks_nothing(fields: dict[str, str]) -> None:
    async def work() -> None:
        browser = paired(ListChildren=NONE)
        assert (await browser.post("/children/new", **fields)).status_code == 409
        assert "ReadChild" not in browser.platform.names()

    run(work())


PROBLEMS: dict[ChildProblem, YinyiError] = {
    "no_card": NoCard(),
    "unreadable": CardUnreadable(),
    "wrong": CheckDigitWrong(),
    "not_a_child": NotAChild(),
    "too_young": GuardianTooYoung(),
    "too_many_children": TooManyChildren(),
    "already": AlreadyYourChild(),
    "at_window": ChildAtWindow(),
    "window_only": WindowOnly(),
    "too_many_tries": TooManyTries(),
}


@pytest.mark.parametrize("problem", get_args(ChildProblem))
def test_why_not_is_said(problem: ChildProblem) -> None:
    async def work() -> None:
        browser = paired(ListChildren=NONE, ReadChild=PROBLEMS[problem])
        went = await browser.post("/children/new", stage="document", document="card")
        assert went.headers["location"] == f"/kiosk/children/new?not={problem}"
        assert (await browser.see(f"/children/new?not={problem}"))["v"]["problem"] == problem

    run(work())


def test_a_childs_pages_name_its_guardian() -> None:
    async def work() -> None:
        browser = paired(ListChildren=ONE)
        browser.platform.sessions["session-token"] = msgspec.structs.replace(PERSON, guardian_masked="王*")
        assert (await browser.see("/children"))["c"]["patient"]["guardian"] == "王*"

    run(work())


def test_likely_characters_come_first() -> None:
    for spelt, first in {"wang": "王", "li": "李", "zeng": "曾", "lv": "吕", "Yi ": "易"}.items():
        assert spelling.characters(spelt)[0] == first
    assert spelling.characters("b52") == ""
