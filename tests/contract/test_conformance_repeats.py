"""A hospital that has booked a posting and refuses its repeat: the connector asks what became of the reference, and
one that believes the refusal is told so by the kit."""

import asyncio
import functools
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hospital_stage import before, offered

from yinyi.access.hospital.fhir.plugin import PLUGIN as FHIR
from yinyi.access.hospital.trades.mapping import OK, POSTED_ALREADY
from yinyi.access.hospital.trades.trade import Row, Trade
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.conformance.kits import KITS
from yinyi.conformance.run import Finding, played
from yinyi.kernel.outcome import Refused
from yinyi_sandbox.hospital import far_side

BOOKED = {
    "hold": "lock_number",
    "confirm": "confirm_registration",
    "hold_invoices": "hold_invoices",
    "settle_invoices": "pay_invoices",
    "refund_invoice": "refund_invoice",
    "post_deposit": "post_deposit",
    "return_deposit": "return_deposit",
}
"""What is booked under our reference, and the trade that does it."""
TRIED = [f"posting again answers the same ({verb})" for verb in BOOKED]


class RefusesRepeats:
    """The sandbox hospital, but for a second booking under one reference, which it refuses with this code."""

    def __init__(self, carrier: Any, code: str, booked: Iterable[tuple[str, str]] = ()) -> None:
        """booked: trades and references, from before."""
        self._carrier = carrier
        self._code = code
        self._booked = set(booked)

    async def call(self, trade: Trade, *values: Any) -> Sequence[Row]:
        if trade.name not in BOOKED.values():
            return await self._carrier.call(trade, *values)
        if (trade.name, values[0]) in self._booked:
            return [{**{column.name: None for column in trade.answers}, "ret_code": self._code, "ret_msg": "已入账"}]
        rows = await self._carrier.call(trade, *values)
        if rows[0]["ret_code"] == OK:
            self._booked.add((trade.name, values[0]))
        return rows


@pytest.mark.parametrize(("code", "verdict"), [(POSTED_ALREADY, "ok"), ("1007", "not")])
def test_a_refused_repeat_is_asked_about_where_its_code_says_so(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, code: str, verdict: str
) -> None:
    async def go() -> list[Finding]:
        async with offered("procedures", postgres) as (connector, stage):
            tried = [each for each in KITS["hospital"].behaviours() if each.name in TRIED]
            with monkeypatch.context() as patched:
                patched.setattr(connector, "carrier", RefusesRepeats(connector.carrier, code))
                return [each async for each in played(tried, connector, stage)]

    _all_are(verdict, asyncio.run(go()))


@pytest.mark.parametrize(("mapping", "verdict"), [('[codes]\n"1007" = "A01"', "ok"), ("", "not")])
def test_a_hospital_with_fhir_that_refuses_repeats_has_a_line_for_its_code(
    postgres: EmbeddedPostgres, mapping: str, verdict: str
) -> None:
    async def go() -> list[Finding]:
        far = functools.partial(far_side.fhir, repeated="1007", mapping=mapping)
        async with before(FHIR, far, postgres) as (connector, stage):
            tried = [each for each in KITS["hospital"].behaviours() if each.name in TRIED]
            return [each async for each in played(tried, connector, stage)]

    _all_are(verdict, asyncio.run(go()))


def _all_are(verdict: str, findings: Iterable[Finding]) -> None:
    found = {each.behaviour: each for each in findings}
    assert list(found) == TRIED
    assert {name: each.verdict for name, each in found.items() if each.verdict != verdict} == {}, found


def test_what_somebody_else_has_paid_stays_refused(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code, where nothing stands under our reference."""

    async def go() -> None:
        async with offered("procedures", postgres) as (connector, stage):
            refusing = RefusesRepeats(connector.carrier, POSTED_ALREADY, {("post_deposit", "NOBODYS1")})
            with monkeypatch.context() as patched:
                patched.setattr(connector, "carrier", refusing)
                outcome = await connector.post_deposit("NOBODYS1", "1", 7, "P1", "alipay", await stage.now())
            assert isinstance(outcome, Refused)
            assert outcome.reason == "already_paid"

    asyncio.run(go())
