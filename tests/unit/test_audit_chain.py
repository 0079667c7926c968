"""The audit log: added to, sealed once, and never altered unseen."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta, timezone
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity_house import HOSPITAL, START, HandClock, Run
from msgspec.structs import replace

from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Database, open_database
from yinyi.bus.operation import Caller
from yinyi.business.audit.messages import AuditReport, VerifyAudit
from yinyi.business.audit.model import FIRST, AuditRecord, SealedRecord, chained, first_broken
from yinyi.business.audit.sealer import AuditSealer
from yinyi.business.audit.service import AuditService
from yinyi.business.audit.store import append
from yinyi.business.audit.tables import TRIGGERS


def call(hospital_id: int = HOSPITAL) -> Call:
    principal = Principal(caller=Caller.KIOSK, hospital_id=hospital_id, terminal_id="hall-1", patient_id=3)
    return Call(principal=principal, now=START, deadline=START + timedelta(seconds=8), correlation_id="abc")


async def filled(database: Database, many: int, hospital_id: int = HOSPITAL) -> None:
    async with database.transaction() as tx:
        for number in range(many):
            await append(tx, call(hospital_id), "identity.UnbindCredential.v1", str(number), {"left": number})


async def failing_change(database: Database) -> None:
    async with database.transaction() as tx:
        await append(tx, call(), "identity.UnbindCredential.v1", "1")
        await tx.execute("UPDATE no_such_table SET x = 1")


async def report(database: Database, hospital_id: int = HOSPITAL) -> AuditReport:
    async with database.read() as tx:
        return await AuditService().verify(tx, call(hospital_id), VerifyAudit())


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[tuple[Database, AuditSealer]]:
    database = await open_database(url)
    try:
        yield database, AuditSealer(database, HandClock())
    finally:
        await database.close()


def test_records_are_sealed_in_a_chain_for_each_hospital(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with opened(platform_url) as (it, sealer):
            await filled(it, 3)
            await filled(it, 2, hospital_id=8)
            assert await report(it) == AuditReport(records=0, unsealed=3, broken_at=None)
            assert await sealer.seal_some() == 5
            await filled(it, 600)
            assert [await sealer.seal_some() for _ in range(3)] == [500, 100, 0]
            assert await report(it) == AuditReport(records=603, unsealed=0, broken_at=None)
            assert await report(it, 8) == AuditReport(records=2, unsealed=0, broken_at=None)

    run(story())


def test_what_is_rolled_back_is_not_recorded(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with opened(platform_url) as (it, sealer):
            with pytest.raises(asyncpg.UndefinedTableError):
                await failing_change(it)
            assert await sealer.seal_some() == 0

    run(story())


def test_one_sealer_at_a_time(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with opened(platform_url) as (it, sealer):
            await filled(it, 1)
            async with it.transaction() as tx:
                await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('yinyi.audit.sealer', 0))")
                assert await sealer.seal_some() == 0
            assert await sealer.seal_some() == 1

    run(story())


FORBIDDEN = [
    "UPDATE audit SET actor = 'nobody'",
    "UPDATE audit SET detail = '{}' WHERE place = 2",
    "UPDATE audit SET place = place + 10",
    "UPDATE audit SET place = NULL, hash = NULL, sealed_at = NULL",
    "DELETE FROM audit",
    "DELETE FROM audit WHERE place IS NULL",
    "TRUNCATE audit",
    "UPDATE audit SET subject = 'x', place = 4, hash = '\\x00', sealed_at = at WHERE place IS NULL",
    """INSERT INTO audit (hospital_id, at, actor, patient_id, operation, subject, detail, correlation_id,
                          place, hash, sealed_at)
       SELECT hospital_id, at, actor, patient_id, operation, subject, detail, correlation_id, 5, hash, sealed_at
       FROM audit WHERE place = 1""",
]


def test_nothing_else_can_be_done_to_it(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with opened(platform_url) as (it, sealer), it.read() as tx:
            await filled(it, 3)
            await sealer.seal_some()
            await filled(it, 1)
            for statement in FORBIDDEN:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await tx.execute(statement)
            assert await report(it) == AuditReport(records=3, unsealed=1, broken_at=None)

    run(story())


ALTERED = [
    ("UPDATE audit SET subject = '9' WHERE place = 3", 3),
    ("UPDATE audit SET at = at + interval '1 microsecond' WHERE place = 2", 2),
    ("DELETE FROM audit WHERE place = 4", 4),
    ("UPDATE audit SET place = CASE place WHEN 1 THEN -2 END WHERE place = 1", 1),
    ("UPDATE audit SET hash = decode('00', 'hex') WHERE place = 5", 5),
]


@pytest.mark.parametrize(("statement", "place"), ALTERED)
def test_whoever_takes_the_triggers_off_is_seen(platform_url: str, run: Run, statement: str, place: int) -> None:
    async def story() -> None:
        async with opened(platform_url) as (it, sealer):
            await filled(it, 5)
            await sealer.seal_some()
            async with it.read() as tx:
                await tx.execute("ALTER TABLE audit DISABLE TRIGGER ALL")
                await tx.execute("ALTER TABLE audit DROP CONSTRAINT audit_seal_check")
                await tx.execute(statement)
                for trigger in TRIGGERS:
                    await tx.execute(trigger)
            assert (await report(it)).broken_at == place

    run(story())


texts = st.text(max_size=20)
instants = st.timedeltas(timedelta(0), timedelta(days=20000)).map(lambda after: START + after)
records = st.builds(
    AuditRecord,
    hospital_id=st.integers(1, 9),
    audit_id=st.integers(1, 2**62),
    at=instants,
    actor=texts,
    patient_id=st.integers(0, 2**62),
    operation=texts,
    subject=texts,
    detail=texts,
    correlation_id=texts,
)


def chain(some: list[AuditRecord]) -> list[SealedRecord]:
    previous, sealed = FIRST, list[SealedRecord]()
    for place, record in enumerate(some, 1):
        previous = chained(previous, place, record)
        sealed.append(SealedRecord(record=record, place=place, hash=previous))
    return sealed


@given(st.lists(records, min_size=1, max_size=5), st.data())
def test_any_change_of_any_field_breaks_the_chain_there(some: list[AuditRecord], data: st.DataObject) -> None:
    sealed = chain(some)
    assert first_broken(FIRST, 0, sealed) is None
    at = data.draw(st.integers(0, len(some) - 1))
    field = data.draw(st.sampled_from(AuditRecord.__struct_fields__))
    other: dict[str, Any] = {field: getattr(data.draw(records), field)}
    changed = replace(sealed[at].record, **other)
    sealed[at] = replace(sealed[at], record=changed)
    assert first_broken(FIRST, 0, sealed) == (None if changed == some[at] else at + 1)


@given(records)
def test_the_zone_an_instant_is_read_in_does_not_matter(record: AuditRecord) -> None:
    elsewhere = replace(record, at=record.at.astimezone(timezone(timedelta(hours=8))))
    assert chained(FIRST, 1, elsewhere) == chained(FIRST, 1, record)
