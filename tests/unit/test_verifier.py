"""What an institution has signed is what is asked in its name, whatever an interface in between makes of it."""

import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from identity_house import HOSPITAL, START, ZONE, HandClock, Run
from msgspec.structs import replace
from test_institutions_lines import LINE, SM3
from test_institutions_signature import enlisted, nonce_of, signed, token_of

from yinyi.app.verifier import Verifier
from yinyi.bus.envelope import Credentials, RequestEnvelope, Signed
from yinyi.bus.operation import Caller, OperationSpec, spec_of
from yinyi.business.institutions import lines_store
from yinyi.business.institutions.lines import LASTS, InstitutionLines
from yinyi.business.payments.messages import ConfirmGivenBack
from yinyi.business.scheduling.messages import CollectHoldSlip
from yinyi.kernel.errors import NotAllowed, SignatureRefused
from yinyi.kernel.secrets import digest
from yinyi.wire import institution, institution_message

COLLECT, CONFIRM = spec_of(CollectHoldSlip), spec_of(ConfirmGivenBack)
"""The same fields."""
FIELDS = {"number": "7Q4-8XK9", "operator": "C12"}
BODY = json.dumps(FIELDS).encode()
KEY = "his-2026-0001"
Signs = Callable[["Door", str], Signed]


class Door:
    """The way in, and the secrets of the HIS: for whole requests, for its line, and its password."""

    def __init__(self, verifier: Verifier, secret: str, framed: str, password: str) -> None:
        self.verifier = verifier
        self.secret = secret
        self.framed = framed
        self.password = password
        self._used = 0

    @property
    def nonce(self) -> str:
        self._used += 1
        return nonce_of(self._used)

    async def passes(
        self, shown: Signed, spec: OperationSpec = COLLECT, caller: Caller = Caller.HOSPITAL, **told: Any
    ) -> str:
        """Who asks, as an interface passes it on. told: what it says differently."""
        session, fields = told.pop("session", ""), told.pop("fields", FIELDS)
        envelope = RequestEnvelope(
            correlation_id="c-1",
            deadline=START + timedelta(minutes=1),
            body=msgspec.Raw(json.dumps(fields).encode()),
            credentials=Credentials(signed=shown, session=session),
            **{"key": KEY, **told},
        )
        return (await self.verifier.verify(caller, envelope, spec)).institution_id


@asynccontextmanager
async def door(url: str) -> AsyncGenerator[Door]:
    async with enlisted(url) as (database, institutions, secret):
        async with database.transaction() as tx:
            framed = await institutions.add_secret(tx, HOSPITAL, "his", SM3, START)
            password = await institutions.add_secret(tx, HOSPITAL, "his", "UsernameToken", START)
            await lines_store.open_line(tx, (HOSPITAL, "his"), digest(LINE), SM3, None, START, START + LASTS)
        clock = HandClock()
        lines = InstitutionLines(institutions, database, None, clock)
        nobody: Any = None  # terminals and staff have no part in it
        verifier = Verifier(database, nobody, institutions, lines, clock, ZONE, HOSPITAL, {}, nobody)
        yield Door(verifier, secret, framed, password)


def by_rest(to: Door, key: str = KEY) -> Signed:
    return _whole(to, "POST", institution.path_of_request("/api/v1/CollectHoldSlip", key=key))


def by_queue(to: Door, key: str = KEY) -> Signed:
    return _whole(to, institution.SENT, institution.path_in_queue("CollectHoldSlip", key))


def _whole(to: Door, method: str, path: str) -> Signed:
    nonce, stamp = to.nonce, institution.timestamp_of(START)
    signature = institution.sign("HMAC-SHA256", to.secret, method, path, stamp, nonce, BODY)
    return signed(to.secret, nonce=nonce, method=method, path=path, body=BODY, signature=signature)


def by_line(to: Door, key: str = KEY) -> Signed:
    head = {"institution": "his", "operation": "CollectHoldSlip", "line": LINE, "sequence": int(to.nonce), "key": key}
    told = {"head": {**head, "time": institution_message.time_of(START)}, "body": FIELDS}
    document = json.dumps(told).encode()
    return Signed(
        institution_id="his",
        algorithm=SM3,
        timestamp="",
        nonce="",
        signature=institution_message.hmac_of(SM3, to.framed, document),
        method="",
        path="",
        body=document,
    )


async def is_refused(asking: Coroutine[Any, Any, str]) -> bool:
    try:
        await asking
    except SignatureRefused:
        return True
    return False


LIES: dict[str, dict[str, Any]] = {
    "another operation": {"spec": CONFIRM},
    "other fields": {"fields": {**FIELDS, "number": "7Q4-8XK8"}},
    "another key": {"key": "his-2026-0002"},
    "without its key": {"key": ""},
    "with somebody's session": {"session": "s" * 32},
}


@pytest.mark.parametrize("signs", [by_rest, by_queue, by_line])
def test_nothing_is_asked_but_what_was_signed(platform_url: str, run: Run, signs: Signs) -> None:
    async def story() -> None:
        async with door(platform_url) as his:
            passed = [lie for lie, told in LIES.items() if not await is_refused(his.passes(signs(his, KEY), **told))]
            assert passed == []
            assert await is_refused(his.passes(signs(his, ""))), "no key was signed"
            assert await his.passes(signs(his, KEY)) == "his"

    run(story())


def test_a_frame_covers_its_language_and_who_asks(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with door(platform_url) as his:
            assert await is_refused(his.passes(by_line(his), language="en"))
            assert await is_refused(his.passes(replace(by_line(his), institution_id="bank")))

    run(story())


def test_each_kind_of_institution_has_a_door_of_its_own(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with door(platform_url) as his:
            for signs in (by_rest, by_line):
                with pytest.raises(NotAllowed):
                    await his.passes(signs(his), caller=Caller.INSTITUTION)

    run(story())


def test_a_password_covers_nothing_and_is_not_heard_from_a_queue(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with door(platform_url) as his:
            token = token_of(his.password)
            assert await is_refused(his.passes(replace(token, method=institution.SENT)))
            assert await his.passes(token) == "his"

    run(story())
