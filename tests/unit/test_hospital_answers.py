"""Whatever stands in a hospital's answer, its ports answer in their words: something whole, or that nobody knows."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest

from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.trades.hospital import TRADES, TradesHospital
from yinyi.access.hospital.trades.trade import Carrier, Kind, Row, Trade
from yinyi.business.billing.model import ChosenInvoice
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound, NotSent, Refused, Unknown, Waiting
from yinyi.kernel.plugin import Surroundings

AT, DAY = datetime(2026, 11, 27, 9, 30, tzinfo=UTC), date(2026, 11, 27)
CHOSEN = [ChosenInvoice(invoice_no="A1", version=1)]
KNOWN = (Done, Waiting, Refused, NotSent, Unknown, NotFound)
Ask = Callable[[TradesHospital], Awaitable[Any]]

PORTS: dict[str, Ask] = {
    "query_department": lambda his: his.departments(),
    "query_doctor": lambda his: his.practitioners(),
    "query_schedule": lambda his: his.schedules("1", DAY, DAY),
    "query_slot": lambda his: his.slots("12"),
    "query_visits": lambda his: his.visits("P1", 3),
    "query_numbers": lambda his: his.numbers(AT, AT),
    "lock_number": lambda his: his.hold("R1", "12", "", "P1", AT),
    "extend_lock": lambda his: his.extend("R1", AT),
    "confirm_registration": lambda his: his.confirm("R1", "Z1", Fen(7), AT),
    "release_number": lambda his: his.release("R1"),
    "query_registration": lambda his: his.ask("R1"),
    "return_number": lambda his: his.give_back("R1", AT),
    "check_in": lambda his: his.check_in("R1", "R2"),
    "undo_check_in": lambda his: his.undo_check_in("R1"),
    "query_check_in": lambda his: his.ask_check_in("R1"),
    "query_session_changes": lambda his: his.session_changes(1),
    "query_session_numbers": lambda his: his.session_numbers("12"),
    "query_patient": lambda his: his.find("passport", "E1"),
    "query_patient_no": lambda his: his.by_number("P1"),
    "query_created": lambda his: his.ask_created("R1"),
    "query_invoices": lambda his: his.invoices("P1", "", DAY, DAY, 5),
    "query_invoice": lambda his: his.invoice("A1"),
    "query_invoice_lines": lambda his: his.invoice_lines(["A1"]),
    "hold_invoices": lambda his: his.hold_invoices("R1", CHOSEN, AT),
    "pay_invoices": lambda his: his.settle_invoices("R1", CHOSEN, Fen(7), "Z1", "alipay", AT),
    "release_invoices": lambda his: his.release_invoices("R1"),
    "query_posting": lambda his: his.ask_invoices("R1"),
    "refund_invoice": lambda his: his.refund_invoice("R1", "A1", None, Fen(7)),
    "query_refund": lambda his: his.ask_invoice_refund("R1"),
    "query_postings": lambda his: his.postings(AT, AT),
    "query_stays": lambda his: his.stays("P1"),
    "query_stay": lambda his: his.stay("H1"),
    "query_stay_items": lambda his: his.stay_items("H1", DAY, DAY),
    "query_stay_days": lambda his: his.cost_days("H1"),
    "query_stay_categories": lambda his: his.cost_categories("H1"),
    "query_deposits": lambda his: his.deposits("H1"),
    "post_deposit": lambda his: his.post_deposit("R1", "H1", Fen(7), "Z1", "alipay", AT),
    "reverse_deposit": lambda his: his.reverse_deposit("R1"),
    "return_deposit": lambda his: his.return_deposit("R1", "R2", Fen(7)),
    "query_deposit": lambda his: his.ask_deposit("R1"),
    "query_deposit_postings": lambda his: his.deposit_postings(AT, AT),
    "query_reports": lambda his: his.reports("P1", DAY, DAY, 5),
    "query_report": lambda his: his.reports_of_tube("x"),
    "query_report_text": lambda his: his.report_texts("x"),
    "query_report_results": lambda his: his.observations("x", 1),
    "query_analyte": lambda his: his.trend("P1", "x", 5),
    "query_report_pictures": lambda his: his.report_pictures("x", 1),
    "download_report_picture": lambda his: his.report_picture("x", 1, 1),
    "issue_einvoice": lambda his: his.issue_fiscal_invoice("R1", "Z1", "P1", "t", Fen(7), AT),
    "reverse_einvoice": lambda his: his.reverse_fiscal_invoice("R1", "R2", Fen(7), "t"),
    "query_einvoice": lambda his: his.ask_fiscal_invoice("R1"),
    "query_einvoices": lambda his: his.fiscal_invoices("P1", DAY, DAY),
    "download_einvoice": lambda his: his.fiscal_file("R1"),
    "mark_einvoice_printed": lambda his: his.mark_fiscal_printed("R1"),
    "query_account_charges": lambda his: his.account_charges(AT, AT),
}
OF_KIND: dict[Kind, Any] = {
    "text": "x",
    "int": 7,
    "bool": False,
    "date": DAY,
    "instant": AT,
    "number": 1.5,
    "texts": ["a"],
    "ints": [1],
}
CODES: dict[str, Any] = {
    "ret_code": "0",
    "sex_code": "1",
    "title_code": "1",
    "session_no": 1,
    "content": "JVBERg==",
    "kind_code": "L",
    "flag": "N",
    "source": "platform",
}
STATES: dict[str, str] = {
    **dict.fromkeys(("query_schedule", "query_invoices", "query_invoice"), "open"),
    **dict.fromkeys(("query_report", "query_reports", "query_report_text"), "final"),
    **dict.fromkeys(("query_stays", "query_stay"), "admitted"),
    **dict.fromkeys(("query_deposits", "query_deposit_postings", "query_deposit", "post_deposit"), "posted"),
    **dict.fromkeys(("pay_invoices", "query_posting", "query_postings", "query_refund"), "paid"),
    **dict.fromkeys(("confirm_registration", "query_check_in", "check_in"), "confirmed"),
}
KINDS = {"query_session_changes": "S", "query_postings": "payment"}
STATUS = {"query_schedule": "O", "query_slot": "F"}
BAD: dict[Kind, Sequence[Any]] = {
    "text": (None, "", "?", "1_0"),
    "int": (None, -1, 2**63, 10**30, Decimal("1.5"), "7", 1.5),
    "bool": (None, "Y", 2),
    "date": (None, date.min, date.max, "2026-11-27"),
    "instant": (
        None,
        datetime.min.replace(tzinfo=UTC),
        AT.replace(tzinfo=None),
        datetime.max.replace(tzinfo=UTC),
        "2026-11-27",
    ),
    "number": (None, float("nan"), float("inf"), Decimal("NaN"), "1.5"),
    "texts": (None, [], [None], "a"),
    "ints": (None, [], ["1"]),
}
TRADE = {trade.name: trade for trade in TRADES}


def good(trade: Trade) -> dict[str, Any]:
    row = {one.name: CODES.get(one.name, OF_KIND[one.kind]) for one in trade.answers}
    told = {
        "state": STATES.get(trade.name, "held"),
        "kind": KINDS.get(trade.name, "deposit"),
        "status_code": STATUS.get(trade.name, "F"),
    }
    return row | {name: value for name, value in told.items() if name in row}


class Says:
    """A carrier whose hospital says this to one trade and what it should to all others."""

    def __init__(self, name: str, rows: Sequence[Row]) -> None:
        self._name, self._rows = name, rows

    async def call(self, trade: Trade, *_: Any) -> Sequence[Row]:
        return self._rows if trade.name == self._name else [good(trade)]


def heard(name: str, *rows: Row) -> Any:
    """What the port answers; HospitalUnavailable, if it raised that."""

    async def go() -> Any:
        around = Surroundings(clock=ShiftedClock(), callback_url="")
        hospital = TradesHospital(cast(Carrier, Says(name, rows)), ProceduresConfig(url="x"), around)
        try:
            return await PORTS[name](hospital)
        except HospitalUnavailable as error:
            return error

    return asyncio.run(go())


def whole(answer: Any) -> bool:
    """Everything in it is of the kind that its model says, amounts are none below nothing, and it can be sent on."""
    every = cast(list[Any], answer) if isinstance(answer, list) else [answer]
    for one in every:
        if isinstance(one, msgspec.Struct):
            msgspec.convert(msgspec.json.decode(msgspec.json.encode(one)), type(one))
    return True


def spoilt(name: str) -> Iterator[tuple[str, Any]]:
    return ((one.name, bad) for one in TRADE[name].answers for bad in BAD[one.kind])


def test_every_trade_that_answers_rows_is_played() -> None:
    assert set(TRADE) - set(PORTS) == {"create_patient", "query_missed"}


@pytest.mark.parametrize("name", PORTS)
def test_what_is_as_it_should_be_is_believed(name: str) -> None:
    answer = heard(name, good(TRADE[name]))
    assert whole(answer)
    assert not isinstance(answer, HospitalUnavailable | Unknown | Refused), answer


@pytest.mark.parametrize("name", PORTS)
def test_whatever_one_column_says_the_answer_is_whole_or_nothing(name: str) -> None:
    for column, bad in spoilt(name):
        answer = heard(name, good(TRADE[name]) | {column: bad})
        assert whole(answer), (column, bad)
        changes = "ret_code" in good(TRADE[name]) or name == "query_created"
        fits = isinstance(answer, KNOWN) if changes else not isinstance(answer, KNOWN)
        assert fits, (column, bad, answer)


@pytest.mark.parametrize("name", [name for name in PORTS if any("_fen" in one.name for one in TRADE[name].answers)])
def test_amounts_that_cannot_be_are_never_told(name: str) -> None:
    for column in (one.name for one in TRADE[name].answers if one.name.endswith("_fen")):
        for bad in (10**14, Decimal("12.345"), 12.0, "7"):
            answer = heard(name, good(TRADE[name]) | {column: bad})
            assert isinstance(answer, HospitalUnavailable | Unknown), (column, bad, answer)


TAKE_BACK = ("query_invoice_lines", "query_stay_items", "query_stay_days", "query_stay_categories")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        (name, one.name)
        for name in PORTS
        for one in TRADE[name].answers
        if one.name.endswith("_fen") and one.name != "left_fen" and name not in TAKE_BACK
    ],
)
def test_nobody_owes_less_than_nothing(name: str, column: str) -> None:
    assert isinstance(heard(name, good(TRADE[name]) | {column: -1}), HospitalUnavailable | Unknown)


@pytest.mark.parametrize("name", TAKE_BACK)
def test_a_line_may_take_back_another(name: str) -> None:
    [line] = heard(name, good(TRADE[name]) | {"amount_fen": -700})
    assert line.amount_fen == -700


NUMBERED = {
    "query_department": "dept_code",
    "query_numbers": "ref",
    "query_session_numbers": "ref",
    "query_patient": "patient_no",
    "query_patient_no": "patient_no",
    "query_invoices": "invoice_no",
    "query_invoice": "invoice_no",
    "query_stays": "admission_no",
    "query_stay": "admission_no",
    "query_deposits": "ref",
    "query_deposit_postings": "ref",
    "query_einvoices": "ref",
    "query_reports": "order_no",
    "query_report": "order_no",
}
NOT_TOLD_APART = ("query_doctor", "query_visits", "query_report_results", "query_analyte")


@pytest.mark.parametrize("name", [name for name in PORTS if name not in NOT_TOLD_APART])
def test_the_same_twice_is_nothing_to_choose_from(name: str) -> None:
    row = good(TRADE[name])
    assert isinstance(heard(name, row, row), HospitalUnavailable | Unknown)


@pytest.mark.parametrize(("name", "column"), NUMBERED.items())
def test_one_without_its_number_is_none(name: str, column: str) -> None:
    for bad in ("", None):
        assert isinstance(heard(name, good(TRADE[name]) | {column: bad}), HospitalUnavailable)


@pytest.mark.parametrize("name", ["query_schedule", "query_numbers", "query_session_changes"])
def test_none_is_no_number_of_a_session(name: str) -> None:
    assert isinstance(heard(name, good(TRADE[name]) | {"schedule_id": None}), HospitalUnavailable)


def test_several_where_there_is_one_are_none() -> None:
    for name, column in (("query_invoice", "invoice_no"), ("query_stay", "admission_no")):
        row = good(TRADE[name])
        assert isinstance(heard(name, row, row | {column: "another"}), HospitalUnavailable)


def test_a_text_that_is_nothing_is_empty() -> None:
    """As in Oracle, which has no other."""
    assert heard("query_patient_no", good(TRADE["query_patient_no"]) | {"phone": None}).phone == ""
    [clinic] = heard("query_department", good(TRADE["query_department"]) | {"area": None, "name_en": None})
    assert (clinic.area, clinic.name_en) == ("", "")


@pytest.mark.parametrize("name", PORTS)
def test_no_rows_are_nothing_and_no_error(name: str) -> None:
    answer = heard(name)
    assert answer in ([], None) or isinstance(answer, Unknown | NotFound), answer
    assert isinstance(answer, Unknown) == ("ret_code" in good(TRADE[name]))


@pytest.mark.parametrize(
    "name", ["query_registration", "query_check_in", "query_posting", "query_refund", "query_deposit"]
)
@pytest.mark.parametrize(
    ("state", "means"), [(None, Unknown), ("PAID", Unknown), ("", Unknown), ("reversed", Refused), ("lapsed", Refused)]
)
def test_a_state_that_nobody_knows_does_not_say_that_it_is_gone(name: str, state: Any, means: type[Any]) -> None:
    assert isinstance(heard(name, good(TRADE[name]) | {"state": state}), means)


@pytest.mark.parametrize(("code", "sex"), [("1", "male"), ("2", "female"), ("0", "unknown"), ("9", "unknown")])
def test_what_is_not_told_of_somebody_is_unknown(code: str, sex: str) -> None:
    assert heard("query_patient_no", good(TRADE["query_patient_no"]) | {"sex_code": code}).sex == sex


def test_a_number_with_a_fraction_that_may_be_one_is_one() -> None:
    [point] = heard("query_analyte", good(TRADE["query_analyte"]) | {"value": Decimal("6.20")})
    assert (type(point.value), point.value) == (float, 6.2)
