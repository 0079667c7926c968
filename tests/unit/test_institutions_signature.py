"""Institutions and their signatures: whose request it is, once, within five minutes."""

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from identity_house import HOSPITAL, START, ZONE, Run
from msgspec.structs import replace

from yinyi.bus.database import Database, open_database
from yinyi.bus.envelope import Signed
from yinyi.business.institutions import store
from yinyi.business.institutions.model import Institution
from yinyi.business.institutions.service import WAITS, WINDOW, Institutions
from yinyi.kernel.errors import AskedTooOften, Conflict, NotGranted, SignatureRefused
from yinyi.kernel.secrets import Vault
from yinyi.wire import institution as wire
from yinyi.wire import username_token
from yinyi.wire.institution import sign, timestamp_of

HIS = Institution(hospital_id=HOSPITAL, institution_id="his", kind="hospital", name="医院信息系统")
NONCE = "n" * 16
COLLECT = "CollectHoldSlip"


@asynccontextmanager
async def enlisted(url: str, his: Institution = HIS) -> AsyncGenerator[tuple[Database, Institutions, str]]:
    """A database in which the HIS is an institution, and its secret."""
    database = await open_database(url)
    institutions = institutions_of(database)
    try:
        async with database.transaction() as tx:
            secret = await institutions.add(tx, his, "HMAC-SHA256", START)
        yield database, institutions, secret
    finally:
        await database.close()


def institutions_of(database: Database) -> Institutions:
    """As another process would have them."""
    return Institutions(database, Vault({1: b"k" * 32}, b"i" * 32), ZONE)


def signed(secret: str, *, nonce: str = NONCE, at: datetime = START, **more: Any) -> Signed:
    method, path, body = "POST", "/api/v1/payments/CollectHoldSlip", b'{"ask_number":"7Q4-8XK9"}'
    stamp = timestamp_of(at)
    algorithm: wire.Algorithm = more.get("algorithm", "HMAC-SHA256")
    fields: dict[str, Any] = {
        "institution_id": "his",
        "algorithm": algorithm,
        "timestamp": stamp,
        "nonce": nonce,
        "signature": sign(algorithm, secret, method, path, stamp, nonce, body),
        "method": method,
        "path": path,
        "body": body,
    }
    return Signed(**{**fields, **more})


def token_of(secret: str, nonce: bytes = b"n" * 16, at: datetime = START) -> Signed:
    text, created = base64.b64encode(nonce).decode(), username_token.created_of(at)
    return Signed(
        institution_id="his",
        algorithm="UsernameToken",
        timestamp=created,
        nonce=text,
        signature=username_token.digest(secret, text, created),
        method="POST",
        path="/soap",
        body=b"<anything/>",
    )


def test_a_signed_request_names_its_institution_once(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url) as (database, institutions, secret):
            assert await institutions.verify(signed(secret), COLLECT, START) == HIS
            for process in (institutions, institutions_of(database)):
                with pytest.raises(SignatureRefused):
                    await process.verify(signed(secret), COLLECT, START)
            assert await institutions.verify(signed(secret, nonce="m" * 16), COLLECT, START) == HIS

    run(story())


def test_each_secret_is_good_for_its_algorithm(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url) as (database, institutions, secret):
            async with database.transaction() as tx:
                password = await institutions.add_secret(tx, HOSPITAL, "his", "UsernameToken", START)
                sm3 = await institutions.add_secret(tx, HOSPITAL, "his", "HMAC-SM3", START)
            for wrong in (
                token_of(secret),
                signed(password),
                signed(secret, algorithm="HMAC-SM3"),
                replace(signed(sm3, algorithm="HMAC-SM3"), algorithm="HMAC-SHA256"),
            ):
                with pytest.raises(SignatureRefused):
                    await institutions.verify(wrong, COLLECT, START)
            assert await institutions.verify(token_of(password), COLLECT, START) == HIS
            assert await institutions.verify(signed(sm3, algorithm="HMAC-SM3"), COLLECT, START) == HIS
            with pytest.raises(SignatureRefused):
                await institutions.verify(token_of(password), COLLECT, START)
            for minutes in (-6, 6):
                late = token_of(password, b"m" * 16, START + timedelta(minutes=minutes))
                with pytest.raises(SignatureRefused):
                    await institutions.verify(late, COLLECT, START)

    run(story())


def test_a_repeat_does_not_pass_however_the_clocks_stand(platform_url: str, run: Run) -> None:
    """Signed by a clock that is five minutes ahead, it could pass for ten: the nonce is known for longer, though others
    that are asked meanwhile make the house forget what is old."""

    async def story() -> None:
        async with enlisted(platform_url) as (database, institutions, secret):
            request = signed(secret, at=START + WINDOW)
            assert await institutions.verify(request, COLLECT, START) == HIS
            for minutes in (1, 5, 10):
                now = START + timedelta(minutes=minutes)
                await institutions.verify(signed(secret, nonce=nonce_of(minutes), at=now), COLLECT, now)
                with pytest.raises(SignatureRefused):
                    await institutions.verify(request, COLLECT, now)
            later = START + timedelta(hours=1)
            assert await institutions.verify(signed(secret, nonce="m" * 16, at=later), COLLECT, later) == HIS
            async with database.read() as tx:
                assert await tx.fetchval("SELECT count(*) FROM institution_nonce") == 1

    run(story())


def test_a_stale_or_early_request_is_refused(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url) as (_, institutions, secret):
            for minutes in (-1440, -6, 6, 1440):
                with pytest.raises(SignatureRefused):
                    await institutions.verify(signed(secret, at=START + timedelta(minutes=minutes)), COLLECT, START)

    run(story())


def in_a_queue(secret: str, delivery: str, **more: Any) -> Signed:
    path = wire.path_in_queue(COLLECT, "key-of-a-slip")
    stamp, body = timestamp_of(START), b"<CollectHoldSlip/>"
    signature = sign("HMAC-SHA256", secret, wire.SENT, path, stamp, NONCE, body)
    return signed(secret, method=wire.SENT, path=path, body=body, signature=signature, delivery=delivery, **more)


def test_what_a_queue_delivers_again_passes_again_and_a_copy_does_not(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url) as (database, institutions, secret):
            for process in (institutions, institutions_of(database)):
                assert await process.verify(in_a_queue(secret, "message-1"), COLLECT, START) == HIS
            for copy in ("message-2", ""):
                with pytest.raises(SignatureRefused):
                    await institutions.verify(in_a_queue(secret, copy), COLLECT, START)
            other = signed(secret, delivery="message-1", nonce="m" * 16)
            assert await institutions.verify(other, COLLECT, START) == HIS
            with pytest.raises(SignatureRefused):
                await institutions.verify(other, COLLECT, START)  # whoever asks by REST is not delivered again

    run(story())


def test_a_message_may_wait_for_a_day_and_is_known_for_as_long(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url) as (_, institutions, secret):
            late = START + WAITS
            assert await institutions.verify(in_a_queue(secret, "message-1"), COLLECT, START) == HIS
            assert await institutions.verify(signed(secret, nonce="m" * 16, at=late), COLLECT, late) == HIS
            with pytest.raises(SignatureRefused):
                await institutions.verify(in_a_queue(secret, "message-2"), COLLECT, late)
            assert await institutions.verify(in_a_queue(secret, "message-1"), COLLECT, late) == HIS
            with pytest.raises(SignatureRefused):
                await institutions.verify(in_a_queue(secret, "message-1"), COLLECT, late + timedelta(seconds=1))
            with pytest.raises(SignatureRefused):
                await institutions.verify(in_a_queue(secret, "message-1"), COLLECT, START - WINDOW - WINDOW)

    run(story())


CHANGES: list[dict[str, Any]] = [
    {"body": b"{}"},
    {"path": "/api/v1/payments/RefundPayment"},
    {"method": "PUT"},
    {"nonce": "x" * 16},
    {"timestamp": "1"},
    {"timestamp": "soon"},
    {"signature": ""},
    {"signature": "é" * 64},
    {"signature": "0" * 64},
    {"algorithm": "none"},
    {"institution_id": "bank"},
    {"institution_id": "his\x00"},
    {"institution_id": "' OR true --"},
]


def test_anything_changed_is_refused_and_uses_no_nonce(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url) as (_, institutions, secret):
            for change in CHANGES:
                with pytest.raises(SignatureRefused) as refused:
                    await institutions.verify(replace(signed(secret), **change), COLLECT, START)
                assert refused.value.detail == ""
            assert await institutions.verify(signed(secret), COLLECT, START) == HIS

    run(story())


def test_only_what_was_granted_may_be_asked(platform_url: str, run: Run) -> None:
    async def story() -> None:
        his = replace(HIS, operations=("GetPayment",))
        async with enlisted(platform_url, his) as (_, institutions, secret):
            with pytest.raises(NotGranted):
                await institutions.verify(signed(secret), COLLECT, START)
            assert await institutions.verify(signed(secret), "GetPayment", START) == his

    run(story())


def test_an_id_is_given_once_and_a_closed_institution_signs_no_more(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url) as (database, institutions, secret):
            async with database.read() as tx:
                with pytest.raises(Conflict):
                    await institutions.add(tx, replace(HIS, hospital_id=8), "HMAC-SHA256", START)
                row: str = await tx.fetchval("SELECT s::text FROM institution_secret s")
                assert secret not in row
                await store.close(tx, HOSPITAL, "his", START)
            with pytest.raises(SignatureRefused):
                await institutions.verify(signed(secret), COLLECT, START)

    run(story())


def nonce_of(number: int) -> str:
    return f"{number:016}"


async def asked(institutions: Institutions, secret: str, number: int, now: datetime) -> bool:
    """Whether it was let through."""
    try:
        await institutions.verify(signed(secret, nonce=nonce_of(number), at=now), COLLECT, now)
    except AskedTooOften:
        return False
    return True


def test_no_more_is_asked_in_a_minute_or_a_day_than_was_agreed(platform_url: str, run: Run) -> None:
    async def story() -> None:
        his = replace(HIS, per_minute=5, per_day=12)
        async with enlisted(platform_url, his) as (_, institutions, secret):
            let_through: list[int] = []
            for minute in range(4):
                now = START + timedelta(minutes=minute)
                got = [await asked(institutions, secret, minute * 10 + each, now) for each in range(8)]
                let_through.append(sum(got))
            assert let_through == [5, 5, 2, 0]
            tomorrow = START + timedelta(days=1)
            assert await asked(institutions, secret, 99, tomorrow)

    run(story())


def test_a_day_is_one_of_the_hospitals(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url, replace(HIS, per_day=1)) as (_, institutions, secret):
            midnight = (START.astimezone(ZONE).replace(hour=0, minute=0) + timedelta(days=1)).astimezone(UTC)
            before = midnight - timedelta(seconds=1)
            let_through = [await asked(institutions, secret, n, at) for n, at in enumerate((before, before, midnight))]
            assert let_through == [True, False, True]

    run(story())


def test_what_was_let_through_is_counted_though_the_database_was_away_meanwhile(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url, replace(HIS, per_minute=3)) as (database, institutions, secret):
            assert [await asked(institutions, secret, number, START) for number in (1, 2)] == [True, True]
            later = START + timedelta(seconds=2)
            async with database.read() as tx:
                await tx.execute("ALTER TABLE institution_usage RENAME TO away")
                with pytest.raises(asyncpg.UndefinedTableError):
                    await asked(institutions, secret, 3, later)
                await tx.execute("ALTER TABLE away RENAME TO institution_usage")
            assert [await asked(institutions, secret, number, later) for number in (4, 5)] == [True, False]

    run(story())


def test_a_request_that_is_replayed_uses_up_nothing_of_what_was_agreed(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url, replace(HIS, per_minute=3)) as (_, institutions, secret):
            assert await asked(institutions, secret, 1, START)
            for _again in range(5):
                with pytest.raises(SignatureRefused):
                    await institutions.verify(signed(secret, nonce=nonce_of(1), at=START), COLLECT, START)
            assert [await asked(institutions, secret, number, START) for number in (2, 3, 4)] == [True, True, False]

    run(story())


def test_processes_add_up_what_they_have_let_through(platform_url: str, run: Run) -> None:
    """Each knows of the other's as of when the other has last told: here but for its last request."""

    async def story() -> None:
        his = replace(HIS, per_minute=6)
        async with enlisted(platform_url, his) as (database, here, secret):
            there = institutions_of(database)
            now, passed = START, 0
            for number in range(20):
                process = here if number % 2 else there
                passed += await asked(process, secret, number, now)
                now += timedelta(seconds=1)
            assert passed in (6, 7)
            later = now + timedelta(minutes=1)
            for process in (here, there):  # at the latest in the next minute each tells all that it knows
                assert await asked(process, secret, 100 + (process is here), later)
            async with database.read() as tx:
                assert await tx.fetchval("SELECT requests FROM institution_usage WHERE span = 'day'") == passed

    run(story())
