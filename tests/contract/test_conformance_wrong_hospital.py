"""A hospital's connector that does not do what the kit asks of bookings, lists, trends and pictures is told so."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from hospital_stage import offered

from yinyi.access.hospital.trades.bookings import BookingTrades
from yinyi.access.hospital.trades.reports import ReportTrades
from yinyi.access.hospital.trades.schedules import ScheduleTrades
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.conformance.kits import KITS
from yinyi.conformance.run import played
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import NotFound, NotSent, Refused, Unknown

Method = Callable[..., Awaitable[Any]]


def nothing(_right: Method) -> Method:
    async def answers(*_: Any) -> Sequence[Any]:
        return []

    return answers


def something_else(_right: Method) -> Method:
    async def answers(*_: Any) -> bytes:
        return b"GIF89a"

    return answers


def believes_silence(right: Method) -> Method:
    """What could not be read is nothing."""

    async def answers(*asked: Any) -> Any:
        try:
            return await right(*asked)
        except HospitalUnavailable:
            return []

    return answers


def takes_doubt_for_a_no(right: Method) -> Method:
    async def answers(*asked: Any) -> Any:
        outcome = await right(*asked)
        return Refused(reason="bad_request") if isinstance(outcome, Unknown | NotSent) else outcome

    return answers


def finds_nothing(right: Method) -> Method:
    async def answers(*asked: Any) -> Any:
        answer = await right(*asked)
        return NotFound() if isinstance(answer, Unknown) else answer

    return answers


def doubts(verb: str) -> list[str]:
    return [
        *(f"a broken line is unknown and asking tells ({verb}, {mishap})" for mishap in ("cut", "half")),
        *(f"no answer in time is unknown and may still happen ({verb}, {mishap})" for mishap in ("silent", "slow")),
        f"a busy hospital has surely done nothing ({verb})",
        f"a hospital that is down is not reached ({verb})",
    ]


def unread(verb: str) -> list[str]:
    return [f"a reading that fails says that the hospital is unavailable ({verb})"]


WRONG: list[tuple[type, str, Callable[[Method], Method], list[str]]] = [
    (ScheduleTrades, "numbers", nothing, ["what numbers were given is told whatever became of them"]),
    (ReportTrades, "trend", nothing, ["a trend is what reports have said newest first"]),
    (ReportTrades, "report_picture", something_else, ["an examination has the pictures that were announced"]),
    (BookingTrades, "give_back", takes_doubt_for_a_no, doubts("give_back")),
    (BookingTrades, "check_in", takes_doubt_for_a_no, doubts("check_in")),
    (BookingTrades, "undo_check_in", takes_doubt_for_a_no, doubts("undo_check_in")),
    (BookingTrades, "ask_check_in", finds_nothing, ["asking that fails tells nothing (ask_check_in)"]),
    *(
        (owner, verb, believes_silence, unread(verb))
        for owner, verbs in (
            (ScheduleTrades, ("schedules", "numbers")),
            (BookingTrades, ("session_changes", "session_numbers", "missed")),
            (ReportTrades, ("reports_of_tube",)),
        )
        for verb in verbs
    ),
]


def test_wrong_ones_are_told_so(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other before the same hospital: what is wrong is only the method that is tried."""

    async def go() -> None:
        async with offered("procedures", postgres) as (connector, stage):
            for owner, verb, wrong, told in WRONG:
                tried = [each for each in KITS["hospital"].behaviours() if each.name in told]
                with monkeypatch.context() as patched:
                    patched.setattr(owner, verb, wrong(getattr(owner, verb)))
                    found = [each async for each in played(tried, connector, stage)]
                assert {each.behaviour for each in found if each.verdict == "not"} == set(told), (verb, found)

            [tried] = [each for each in KITS["hospital"].behaviours() if each.name == "it says how patient to be"]
            monkeypatch.setattr(connector, "call_timeout_s", 0.0)
            assert [each.verdict async for each in played([tried], connector, stage)] == ["not"]

    asyncio.run(go())
