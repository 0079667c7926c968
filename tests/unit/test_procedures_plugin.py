"""The parts of the ``procedures`` plugin that need no hospital."""

import asyncio
import re
from collections.abc import Callable
from importlib.resources import files
from typing import get_args

import pytest

from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.plugin import PLUGIN
from yinyi.access.hospital.trades import mapping
from yinyi.access.hospital.trades.failures import Breaker, NotReached
from yinyi.access.hospital.trades.hospital import TradesHospital
from yinyi.business.billing.ports import Bills
from yinyi.business.identity.ports import PatientIndex
from yinyi.business.inpatient.ports import Inpatients
from yinyi.business.reports.ports import Reports
from yinyi.business.scheduling.ports import Schedules
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import NotSent, RefusedReason
from yinyi.kernel.plugin import Surroundings
from yinyi.kernel.recent import Recent

NOWHERE = ProceduresConfig(url="postgresql://nobody:secret@127.0.0.1:1/none", connect_timeout_s=5, rest_s=60)


def test_every_code_of_the_hospital_has_a_reason() -> None:
    script = (files("yinyi_sandbox.hospital") / "sql" / "2_common.sql").read_text(encoding="utf-8")
    codes = set(re.findall(r"WHEN '(\w+)' ", script))
    spoken_for = {mapping.OK, mapping.NO_SUCH_REFERENCE, mapping.BUSY}
    assert codes == set(mapping.REFUSALS) - {mapping.POSTED_ALREADY} | spoken_for
    assert set(mapping.REFUSALS.values()) <= set(get_args(RefusedReason))


def test_a_code_nobody_knows_is_for_people_to_look_at() -> None:
    reason = mapping.REFUSALS.get("Z99")
    assert reason is None
    assert mapping.slot_number("12", "") is None
    assert mapping.slot_number("12", mapping.slot_id("12", 7)) == 7
    for other in ("13-7", "12-x", "7"):
        with pytest.raises(ValueError):
            mapping.slot_number("12", other)


def resting(breaker: Breaker) -> bool:
    try:
        breaker.require()
    except NotReached:
        return True
    return False


def test_a_breaker_rests_after_failures_in_a_row() -> None:
    breaker = Breaker(rest_after=3, rest_s=60, seconds=lambda: 100.0)
    for happened in (breaker.failed, breaker.failed, breaker.succeeded, breaker.failed, breaker.failed):
        happened()
        assert not resting(breaker)
    breaker.failed()
    assert resting(breaker)


def test_after_its_rest_one_more_failure_is_enough() -> None:
    at = [100.0]
    breaker = Breaker(rest_after=2, rest_s=60, seconds=lambda: at[0])
    breaker.failed()
    breaker.failed()
    at[0] = 160.0
    assert not resting(breaker)
    breaker.failed()
    assert resting(breaker)


def test_nobody_there_is_not_sent_and_soon_not_even_tried() -> None:
    async def go() -> None:
        hospital: TradesHospital = PLUGIN.build(NOWHERE, Surroundings(clock=ShiftedClock(), callback_url=""))
        await hospital.start()
        outcomes = [await hospital.release("R1") for _ in range(8)]
        details = [outcome.detail for outcome in outcomes if isinstance(outcome, NotSent)]
        assert len(details) == len(outcomes)
        assert "no connection" in details[0]
        assert "left alone" in details[-1]
        with pytest.raises(HospitalUnavailable):
            await hospital.departments()
        await hospital.stop()

    asyncio.run(go())


def test_the_connector_implements_both_ports() -> None:
    hospital = PLUGIN.build(NOWHERE, Surroundings(clock=ShiftedClock(), callback_url=""))
    assert isinstance(hospital, Schedules)
    assert isinstance(hospital, PatientIndex)
    assert isinstance(hospital, Bills)
    assert isinstance(hospital, Inpatients)
    assert isinstance(hospital, Reports)


def test_too_many_waiting_is_said_at_once() -> None:
    async def go() -> None:
        full = ProceduresConfig(url=NOWHERE.url, calls_at_once=0, calls_waiting=0)
        hospital: TradesHospital = PLUGIN.build(full, Surroundings(clock=ShiftedClock(), callback_url=""))
        with pytest.raises(HospitalUnavailable, match="too many"):
            await hospital.departments()
        assert await hospital.release("R1") == NotSent(detail="too many calls are waiting")

    asyncio.run(go())


def test_the_settings_do_not_tell_the_password() -> None:
    assert "secret" not in repr(NOWHERE)


def counting(fail_first: bool = False) -> tuple[list[int], Callable[[], "asyncio.Future[int]"]]:
    """How often it was read, and the reading: answers how often, after a turn of the loop."""
    reads: list[int] = []

    async def read() -> int:
        reads.append(1)
        await asyncio.sleep(0)
        if fail_first and len(reads) == 1:
            raise HospitalUnavailable
        return len(reads)

    return reads, lambda: asyncio.ensure_future(read())


def test_everybody_at_once_is_one_reading() -> None:
    async def go() -> None:
        reads, read = counting()
        recent = Recent(read, keep_s=60)
        assert set(await asyncio.gather(*(recent.get() for _ in range(50)))) == {1}
        assert await recent.get() == 1
        assert len(reads) == 1

    asyncio.run(go())


def test_what_is_too_old_is_read_again() -> None:
    async def go() -> None:
        _, read = counting()
        recent = Recent(read, keep_s=0)
        assert [await recent.get(), await recent.get()] == [1, 2]

    asyncio.run(go())


def test_a_failure_is_not_kept_and_a_caller_who_leaves_harms_nobody() -> None:
    async def go() -> None:
        _, read = counting(fail_first=True)
        recent = Recent(read, keep_s=60)
        with pytest.raises(HospitalUnavailable):
            await recent.get()
        leaving = asyncio.create_task(recent.get())
        staying = asyncio.create_task(recent.get())
        await asyncio.sleep(0)
        leaving.cancel()
        assert await staying == 2

    asyncio.run(go())
