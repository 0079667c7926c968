"""Whoever only looks is told again what he was told a moment ago, and nobody else is."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from yinyi.bus.call import Call, Principal
from yinyi.bus.forgetting import whose
from yinyi.bus.lately import Lately
from yinyi.bus.operation import Caller
from yinyi.kernel.errors import HospitalUnavailable

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PATIENT = Principal(Caller.KIOSK, 1, terminal_id="K01", patient_id=7, session_id=70)
ASKED = ("inpatient.ListDailyCosts.v1", b'{"admission_no":"1"}')


def call(principal: Principal = PATIENT, language: str = "zh-CN") -> Call:
    return Call(
        principal=principal,
        now=NOW,
        deadline=NOW + timedelta(seconds=8),
        correlation_id="c-1",
        language=language,
        key="",
    )


class Hospital:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False

    async def ask(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise HospitalUnavailable
        return f"{self.asked}".encode()


def play(story: Callable[[Lately, Hospital], Awaitable[None]], keep_s: float = 600.0) -> None:
    async def whole() -> None:
        await story(Lately(keep_s), Hospital())

    asyncio.run(whole())


def test_the_same_is_asked_once_however_many_look_at_once() -> None:
    async def story(kept: Lately, hospital: Hospital) -> None:
        told = await asyncio.gather(*(kept.answer(call(), *ASKED, hospital.ask) for _ in range(20)))
        assert (set(told), hospital.asked) == ({b"1"}, 1)
        assert await kept.answer(call(), *ASKED, hospital.ask) == b"1"

    play(story)


OTHERS: list[dict[str, Any]] = [
    {"patient_id": 8},
    {"terminal_id": "K02"},
    {"session_id": 71},
    {"guardian_id": 9},
    {"opened_by": "form:A"},
    {"hospital_id": 2},
    {"institution_id": "bank"},
    {"staff_id": "S1"},
    {"caller": Caller.MOBILE},
]


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: next(iter(other)))
def test_whoever_is_somebody_else_is_told_for_himself(other: dict[str, Any]) -> None:
    async def story(kept: Lately, hospital: Hospital) -> None:
        await kept.answer(call(), *ASKED, hospital.ask)
        assert await kept.answer(call(msgspec.structs.replace(PATIENT, **other)), *ASKED, hospital.ask) == b"2"

    play(story)


def test_another_question_or_another_language_is_asked() -> None:
    async def story(kept: Lately, hospital: Hospital) -> None:
        await kept.answer(call(), *ASKED, hospital.ask)
        assert await kept.answer(call(language="en"), *ASKED, hospital.ask) == b"2"
        assert await kept.answer(call(), ASKED[0], b"{}", hospital.ask) == b"3"
        assert await kept.answer(call(), "inpatient.ListDeposits.v1", ASKED[1], hospital.ask) == b"4"

    play(story)


def test_a_failure_is_not_kept() -> None:
    async def story(kept: Lately, hospital: Hospital) -> None:
        hospital.away = True
        with pytest.raises(HospitalUnavailable):
            await kept.answer(call(), *ASKED, hospital.ask)
        hospital.away = False
        assert await kept.answer(call(), *ASKED, hospital.ask) == b"2"

    play(story)


def test_whoever_has_changed_something_is_told_anew_and_only_he() -> None:
    async def story(kept: Lately, hospital: Hospital) -> None:
        other = msgspec.structs.replace(PATIENT, patient_id=8)
        await kept.answer(call(), *ASKED, hospital.ask)
        await kept.answer(call(other), *ASKED, hospital.ask)
        kept.forget(whose(in_another_session(PATIENT)))
        assert await kept.answer(call(), *ASKED, hospital.ask) == b"3"
        assert await kept.answer(call(other), *ASKED, hospital.ask) == b"2"

    play(story)


def in_another_session(principal: Principal) -> Principal:
    return msgspec.structs.replace(principal, session_id=principal.session_id + 1)


def test_nothing_is_kept_where_nothing_may_be_old() -> None:
    async def story(kept: Lately, hospital: Hospital) -> None:
        for nth in (b"1", b"2", b"3"):
            assert await kept.answer(call(), *ASKED, hospital.ask) == nth

    play(story, keep_s=0.0)


def test_whoever_keeps_looking_does_not_wait_and_another_one_asks_for_himself() -> None:
    async def story(_: Lately, hospital: Hospital) -> None:
        now_s = 0.0
        kept = Lately(3.0, seconds=lambda: now_s)
        await kept.answer(call(), *ASKED, hospital.ask)
        now_s = 2.5
        assert await kept.answer(call(), *ASKED, hospital.ask) == b"1"
        for _turn in range(10):
            await asyncio.sleep(0)
        now_s = 3.0
        assert await kept.answer(call(), *ASKED, hospital.ask) == b"2"
        assert await kept.answer(call(language="en"), *ASKED, hospital.ask) == b"3"

    play(story)


def test_no_more_is_kept_than_there_is_room_for() -> None:
    async def story(_: Lately, hospital: Hospital) -> None:
        kept = Lately(600.0, most=3)
        for n in range(5):
            await kept.answer(call(), ASKED[0], f"{n}".encode(), hospital.ask)
        assert await kept.answer(call(), ASKED[0], b"4", hospital.ask) == b"5"
        assert await kept.answer(call(), ASKED[0], b"0", hospital.ask) == b"6"

    play(story)
