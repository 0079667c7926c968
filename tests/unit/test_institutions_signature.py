"""Institutions and their signatures: whose request it is, once, within five minutes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity_house import HOSPITAL, START, Run
from msgspec.structs import replace

from yinyi.bus.database import Database, open_database
from yinyi.bus.envelope import Signed
from yinyi.business.institutions import store
from yinyi.business.institutions.model import Institution
from yinyi.business.institutions.service import WINDOW, Institutions
from yinyi.kernel.errors import Conflict, SignatureRefused
from yinyi.kernel.secrets import Vault
from yinyi.wire.institution import (
    instant_of,
    sign,
    signed_text,
    timestamp_of,
    verifies,
)

HIS = Institution(hospital_id=HOSPITAL, institution_id="his", kind="hospital", name="医院信息系统")
NONCE = "n" * 16

methods = st.sampled_from(("GET", "POST", "PUT"))
paths = st.text("abc/?=&%-._~", max_size=30).map("/{}".format)
nonces = st.text("abcXYZ019-_", min_size=16, max_size=64)
stamps = st.integers(0, 4_000_000_000).map(str)
requests = st.tuples(methods, paths, stamps, nonces, st.binary(max_size=50))
secrets = st.text("abcdef0123", min_size=8, max_size=40)

Request = tuple[str, str, str, str, bytes]


@given(secrets, requests)
def test_what_is_signed_verifies(secret: str, request: Request) -> None:
    assert verifies(secret, sign(secret, *request), *request)


@given(secrets, requests, requests)
def test_a_signature_is_good_for_one_request_only(secret: str, one: Request, other: Request) -> None:
    assert verifies(secret, sign(secret, *one), *other) == (one == other)


@given(secrets, secrets, requests)
def test_a_signature_is_good_for_one_secret_only(secret: str, other: str, request: Request) -> None:
    assert verifies(other, sign(secret, *request), *request) == (secret == other)


@given(requests, requests)
def test_no_two_requests_read_alike(one: Request, other: Request) -> None:
    assert (signed_text(*one) == signed_text(*other)) == (one == other)


@given(st.text(max_size=80))
def test_no_text_at_all_passes_for_a_signature_or_breaks(signature: str) -> None:
    assert not verifies("secret", signature, "POST", "/x", "1", NONCE, b"")


@pytest.mark.parametrize(
    "request_",
    [
        ("POST\n", "/x", "1", NONCE, b""),
        ("post", "/x", "1", NONCE, b""),
        ("POST", "/x\n1", "1", NONCE, b""),
        ("POST", "x", "1", NONCE, b""),
        ("POST", "/病", "1", NONCE, b""),
        ("POST", "/x", "1.5", NONCE, b""),
        ("POST", "/x", "999999999999", NONCE, b""),
        ("POST", "/x", "1", "short", b""),
        ("POST", "/x", "1", NONCE + "\n", b""),
    ],
)
def test_a_part_out_of_form_is_neither_signed_nor_verified(request_: Request) -> None:
    with pytest.raises(ValueError):
        sign("secret", *request_)
    assert not verifies("secret", "0" * 64, *request_)


@given(st.timedeltas(timedelta(0), timedelta(days=20000)))
def test_a_timestamp_is_the_whole_second(after: timedelta) -> None:
    at = START + after
    assert instant_of(timestamp_of(at)) == at.replace(microsecond=0)


@asynccontextmanager
async def enlisted(url: str) -> AsyncGenerator[tuple[Database, Institutions, str]]:
    """A database in which the HIS is an institution, and its secret."""
    database = await open_database(url)
    institutions = Institutions(Vault({1: b"k" * 32}, b"i" * 32))
    try:
        async with database.transaction() as tx:
            secret = await institutions.add(tx, HIS, START)
        yield database, institutions, secret
    finally:
        await database.close()


def signed(secret: str, *, nonce: str = NONCE, at: datetime = START, **more: Any) -> Signed:
    method, path, body = "POST", "/api/v1/payments/CollectHoldSlip", b'{"ask_number":"7Q4-8XK9"}'
    stamp = timestamp_of(at)
    fields: dict[str, Any] = {
        "institution_id": "his",
        "algorithm": "HMAC-SHA256",
        "timestamp": stamp,
        "nonce": nonce,
        "signature": sign(secret, method, path, stamp, nonce, body),
        "method": method,
        "path": path,
        "body": body,
    }
    return Signed(**{**fields, **more})


def test_a_signed_request_names_its_institution_once(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url) as (it, institutions, secret), it.read() as tx:
            assert await institutions.verify(tx, signed(secret), START) == HIS
            with pytest.raises(SignatureRefused):
                await institutions.verify(tx, signed(secret), START)
            assert await institutions.verify(tx, signed(secret, nonce="m" * 16), START) == HIS

    run(story())


def test_a_repeat_does_not_pass_however_the_clocks_stand(platform_url: str, run: Run) -> None:
    """Signed by a clock that is five minutes ahead, it could pass for ten: the nonce is known for longer."""

    async def story() -> None:
        async with enlisted(platform_url) as (it, institutions, secret), it.read() as tx:
            request = signed(secret, at=START + WINDOW)
            assert await institutions.verify(tx, request, START) == HIS
            for minutes in (1, 5, 10):
                with pytest.raises(SignatureRefused):
                    await institutions.verify(tx, request, START + timedelta(minutes=minutes))
            later = START + timedelta(hours=1)
            assert await institutions.verify(tx, signed(secret, nonce="m" * 16, at=later), later) == HIS
            assert await tx.fetchval("SELECT count(*) FROM institution_nonce") == 1

    run(story())


def test_a_stale_or_early_request_is_refused(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url) as (it, institutions, secret), it.read() as tx:
            for minutes in (-1440, -6, 6, 1440):
                with pytest.raises(SignatureRefused):
                    await institutions.verify(tx, signed(secret, at=START + timedelta(minutes=minutes)), START)

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
        async with enlisted(platform_url) as (it, institutions, secret), it.read() as tx:
            for change in CHANGES:
                with pytest.raises(SignatureRefused) as refused:
                    await institutions.verify(tx, replace(signed(secret), **change), START)
                assert refused.value.detail == ""
            assert await institutions.verify(tx, signed(secret), START) == HIS

    run(story())


def test_an_id_is_given_once_and_a_closed_institution_signs_no_more(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with enlisted(platform_url) as (it, institutions, secret), it.read() as tx:
            with pytest.raises(Conflict):
                await institutions.add(tx, replace(HIS, hospital_id=8), START)
            row: str = await tx.fetchval("SELECT i::text FROM institution i")
            assert secret not in row
            await store.close(tx, HOSPITAL, "his", START)
            with pytest.raises(SignatureRefused):
                await institutions.verify(tx, signed(secret), START)

    run(story())
