"""A hospital's connector that knows nothing of turns is asked in turns all the same."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from yinyi.app.errors import CannotStart
from yinyi.app.protection import PORTS, AskedTurns, protected
from yinyi.business.billing.ports import Bills
from yinyi.business.reports.ports import ReportPictures
from yinyi.conformance.kits import KITS
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import Done, NotSent, Unknown
from yinyi.kernel.turns import TurnRules, turns_of_one_process


class Simple:
    """Bills, as somebody writes them who has read the ports and nothing else."""

    def __init__(self) -> None:
        self.call_timeout_s = 5.0
        self.out = self.most = 0
        self.open, self.busy = asyncio.Event(), asyncio.Event()
        self.full = 1

    async def _asked(self, answer: Any) -> Any:
        self.out += 1
        self.most = max(self.most, self.out)
        if self.out == self.full:
            self.busy.set()
        await self.open.wait()
        self.out -= 1
        return answer

    async def invoices(self, *_: object) -> Any:
        return await self._asked([])

    async def invoice(self, number: str) -> Any:
        return await self._asked(number)

    async def invoice_lines(self, *_: object) -> Any:
        return await self._asked([])

    async def hold_invoices(self, *_: object) -> Any:
        return await self._asked(Done())

    settle_invoices = release_invoices = ask_invoices = refund_invoice = ask_invoice_refund = hold_invoices


@dataclass
class Clinic:
    hospital: Any
    simple: Simple


def clinic(at_once: int = 2, waiting: int = 3) -> Clinic:
    simple = Simple()
    simple.full = at_once
    config = SimpleNamespace(calls_at_once=at_once, calls_waiting=waiting, connect_timeout_s=60)
    return Clinic(protected(simple, config, AskedTurns(turns_of_one_process), ShiftedClock()), simple)


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story())


def test_no_more_calls_leave_than_the_hospital_allows() -> None:
    async def story() -> None:
        at = clinic(waiting=50)
        asked = [asyncio.create_task(at.hospital.invoice(str(n))) for n in range(20)]
        await at.simple.busy.wait()
        at.simple.open.set()
        assert await asyncio.gather(*asked) == [str(n) for n in range(20)]
        assert at.simple.most == 2

    run(story)


def test_whoever_gets_no_turn_hears_that_nothing_left() -> None:
    async def story() -> None:
        at = clinic(at_once=1, waiting=0)
        first = asyncio.create_task(at.hospital.hold_invoices("R1", [], None))
        await at.simple.busy.wait()
        assert isinstance(await at.hospital.settle_invoices("R2"), NotSent)
        assert isinstance(await at.hospital.ask_invoices("R2"), NotSent)
        with pytest.raises(HospitalUnavailable):
            await at.hospital.invoice("1")
        at.simple.open.set()
        assert await first == Done()

    run(story)


def test_what_takes_too_long_is_unknown() -> None:
    async def story() -> None:
        simple = Simple()
        simple.call_timeout_s = -0.95
        hospital = protected(simple, None, AskedTurns(turns_of_one_process), ShiftedClock())
        assert isinstance(await hospital.release_invoices("R1"), Unknown)
        with pytest.raises(HospitalUnavailable):
            await hospital.invoice("1")

    run(story)


def test_it_has_the_ports_that_the_connector_has() -> None:
    async def story() -> None:
        at = clinic()
        has = [isinstance(at.hospital, port) for port in (Bills, ReportPictures)]
        assert (has, at.hospital.call_timeout_s, at.hospital.most) == ([True, False], 5.0, 0)

    run(story)


def test_every_port_of_a_hospital_is_known() -> None:
    """Whatever its kit plays is asked in turns."""
    played = {port for each in KITS["hospital"].behaviours() for port in each.ports}
    assert played <= set(PORTS)


def test_who_asks_for_turns_is_left_alone() -> None:
    asked = AskedTurns(turns_of_one_process)
    asked(TurnRules(system="s", at_once=1, waiting=1, patience_s=1, longest_call_s=1), ShiftedClock())
    connector = object()
    assert protected(connector, None, asked, ShiftedClock()) is connector


def test_who_does_not_say_how_long_a_call_takes_is_not_connected() -> None:
    with pytest.raises(CannotStart, match="call_timeout_s"):
        protected(object(), None, AskedTurns(turns_of_one_process), ShiftedClock())
