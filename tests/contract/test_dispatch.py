"""The way in: who may ask what, what is understood, and what never leaks."""

import asyncio
from typing import Any

import msgspec
import pytest
from dispatch_stage import NOTE, SESSION, Stage, failure, lock, play, shown
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from examples import examples
from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import MAX_REQUEST_BYTES, Change
from yinyi.bus.envelope import ReplyEnvelope
from yinyi.bus.operation import Caller
from yinyi.business.ledger.service import LedgerService
from yinyi.business.payments.messages import GetPayment, ListPayments
from yinyi.business.payments.messages_queue import SettleByHand
from yinyi.business.scheduling.messages import ListDepartments, ListSchedules
from yinyi.business.terminals.messages import LockTerminal
from yinyi.kernel.errors import NotYours, error_named

LOCK = "op.console.terminals.LockTerminal.v1"
BALANCE = "op.console.ledger.TrialBalance.v1"
LIST = "op.kiosk.scheduling.ListDepartments.v1"


async def departments(call: Call, message: ListDepartments) -> str:
    return "departments"


# ---- who may ask what


def test_a_handler_is_told_who_asks_and_when(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async def handler(call: Call, message: ListDepartments) -> list[str]:
            assert call.now == stage.clock.now()
            assert call.deadline > call.now
            return [call.principal.actor, str(call.hospital_id), call.correlation_id, call.language]

        stage.dispatcher.asks(ListDepartments, handler)
        reply = await stage.send(ListDepartments(), caller=Caller.KIOSK)
        assert shown(reply) == ["kiosk:anna", "1", "c-1", "zh-CN"]
        assert reply.correlation_id == "c-1"

    play(platform_url, story)


def test_who_is_not_named_may_not(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.changes(LockTerminal, NOTE)
        for account in ("kiosk", "mobile", "nobody", "CONSOLE", "*"):
            subject = f"op.{account}.terminals.LockTerminal.v1"
            reply = await stage.send_raw(subject, envelope(body={"terminal_id": "T1", "locked": True}))
            assert failure(reply) == "NotAllowed", subject
        assert await stage.notes() == []

    play(platform_url, story)


def test_an_account_is_no_person(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async def done(tx: Tx, call: Call, message: SettleByHand, facts: None) -> str:
            raise AssertionError("an account has done it")

        async def show(tx: Tx, call: Call, subject: str) -> str:
            return subject

        stage.dispatcher.changes(SettleByHand, Change(done, show))
        wanted = SettleByHand(payment_no="26112315", reference="26112315", outcome="happened", note="the statement")
        assert failure(await stage.send(wanted, key="key-of-a-test")) == "PersonUnproven"

    play(platform_url, story)


def test_only_who_ends_tls_is_believed_whose_certificate_was_shown(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.asks(ListDepartments, departments)
        for account, believed in (("institution-tls", True), ("institution", False), ("kiosk-tls", False)):
            asked = envelope({}, credentials={"terminal": "anna", "certificate": "0" * 64})
            reply = await stage.send_raw(f"op.{account}.scheduling.ListDepartments.v1", asked)
            assert (reply.failure is None) is believed, account

    play(platform_url, story)


NO_OPERATIONS = (
    "op.console.terminals.DoAnything.v1",
    "op.console.terminals.LockTerminal.v2",
    "op.console.terminals.LockTerminal",
    "op.console.terminals.LockTerminal.v1.more",
    "event.console.terminals.LockTerminal.v1",
    "op.console",
    "op",
    "",
    "....",
)


def test_what_is_no_operation_is_invalid(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.changes(LockTerminal, NOTE)
        for subject in NO_OPERATIONS:
            reply = await stage.send_raw(subject, envelope(body={"terminal_id": "T1", "locked": True}))
            assert failure(reply) == "Invalid", subject
        assert await stage.notes() == []

    play(platform_url, story)


def test_an_operation_without_a_handler_is_invalid(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        assert failure(await stage.send(ListDepartments(), caller=Caller.KIOSK)) == "Invalid"

    play(platform_url, story)


def test_an_operation_has_one_handler(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.asks(ListDepartments, departments)
        with pytest.raises(ValueError, match="has a handler already"):
            stage.dispatcher.asks(ListDepartments, departments)
        assert stage.dispatcher.handled == {"scheduling.ListDepartments.v1"}

    play(platform_url, story)


def test_whom_the_verifier_refuses_gets_nowhere(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.asks(ListDepartments, departments)
        reply = await stage.send(ListDepartments(), caller=Caller.KIOSK, who="stranger")
        assert failure(reply) == "NotAllowed"
        assert reply.session is None

    play(platform_url, story)


def test_what_is_a_patients_needs_his_session(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async def handler(tx: Tx, call: Call, message: ListPayments) -> int:
            return call.principal.patient_id

        stage.dispatcher.reads(ListPayments, handler)
        assert failure(await stage.send(ListPayments(), caller=Caller.KIOSK)) == "SessionEnded"
        reply = await stage.send(ListPayments(), caller=Caller.KIOSK, session="token")
        assert shown(reply) == 7
        assert reply.session == SESSION

    play(platform_url, story)


def test_whose_session_it_is_is_shown_with_an_error_too(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async def handler(tx: Tx, call: Call, message: GetPayment) -> None:
            raise NotYours("state paid")

        stage.dispatcher.reads(GetPayment, handler)
        reply = await stage.send(GetPayment(number="ABCD"), caller=Caller.KIOSK, session="token")
        assert failure(reply) == "NotYours"
        assert reply.failure is not None
        assert reply.failure.detail == "state paid"
        assert reply.session == SESSION

    play(platform_url, story)


# ---- what is understood


def envelope(body: Any, **more: Any) -> bytes:
    told = {"correlation_id": "c-1", "deadline": "2026-03-02T01:00:30Z", "key": "key-0001", "body": body}
    return msgspec.json.encode(told | more)


WRONG_BODIES: tuple[Any, ...] = (
    {"terminal_id": "T1", "locked": True, "admin": True},
    {"terminal_id": "T1"},
    {"terminal_id": "T1", "locked": "true"},
    {"terminal_id": 1, "locked": True},
    {"terminal_id": "x" * 500, "locked": True},
    [],
    None,
    "T1",
)


def test_a_body_is_of_its_type(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.changes(LockTerminal, NOTE)
        for body in WRONG_BODIES:
            assert failure(await stage.send_raw(LOCK, envelope(body))) == "InvalidField", body
        assert await stage.notes() == []
        assert shown(await stage.send_raw(LOCK, envelope({"terminal_id": "T1", "locked": True}))) == "T1"

    play(platform_url, story)


OUT_OF_REACH = (
    "0001-01-01T00:00:00+08:00",
    "1799-12-31T23:59:59Z",
    "3000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
)
WITHIN = ("1800-01-01T00:00:00+08:00", "2026-03-02T09:00:00+08:00", "2999-12-31T23:59:59-23:59")


def test_instants_are_bounded(platform_url: str) -> None:
    """Also those that the calendar has, and that no time zone can be reckoned into."""

    async def story(stage: Stage) -> None:
        LedgerService([], {}).register(stage.dispatcher)
        for at in OUT_OF_REACH:
            assert failure(await stage.send_raw(BALANCE, envelope({"at": at}))) == "InvalidField", at
        for at in WITHIN:
            reply = await stage.send_raw(BALANCE, envelope({"at": at}))
            assert msgspec.json.decode(reply.body) == {"accounts": []}, at

    play(platform_url, story)


NO_REQUESTS = (
    b"",
    b"not JSON",
    b"null",
    b"[]",
    b'{"body":{}}',
    b'{"correlation_id":"c","deadline":"tomorrow","body":{}}',
    b'{"correlation_id":"c","deadline":"2026-03-02T01:00:30Z","body":{"a":}}',
    b'{"correlation_id":"c","deadline":"2026-03-02T01:00:30Z","body":' + b"[" * 100_000,
    b"\xff\xfe",
    envelope("x" * MAX_REQUEST_BYTES),
)


def test_what_is_no_request_is_invalid(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.asks(ListDepartments, departments)
        for data in NO_REQUESTS:
            assert failure(await stage.send_raw(LIST, data)) == "Invalid", data[:80]

    play(platform_url, story)


def test_whatever_comes_in_an_envelope_goes_out(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.changes(LockTerminal, NOTE)
        loop = asyncio.get_running_loop()
        answers: list[ReplyEnvelope] = []

        @settings(max_examples=examples(300))
        @given(st.sampled_from([LOCK, LIST]) | st.text(max_size=40), st.binary(max_size=200) | json_bytes)
        def anything(subject: str, data: bytes) -> None:
            answer = asyncio.run_coroutine_threadsafe(stage.dispatcher.answer(subject, data), loop).result()
            answers.append(msgspec.json.decode(answer, type=ReplyEnvelope))

        await asyncio.to_thread(anything)
        codes = {answer.failure.code for answer in answers if answer.failure}
        assert codes
        assert "InternalError" not in codes
        assert all(error_named(code).code() == code for code in codes)

    play(platform_url, story)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
extras = st.fixed_dictionaries({}, optional={"key": json_values, "credentials": json_values, "language": json_values})
json_bytes = st.tuples(json_values, extras).map(lambda told: envelope(told[0], **told[1]))


# ---- what never leaks

SECRET = "310101199003071234"


def test_what_nobody_thought_of_is_our_fault_and_tells_nothing(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        kinds = [RuntimeError, KeyError, AssertionError, ValueError, OSError, RecursionError]

        async def handler(call: Call, message: ListDepartments) -> None:
            raise kinds[0](f"patient {SECRET} at /srv/yinyi")

        stage.dispatcher.asks(ListDepartments, handler)
        while kinds:
            with capture_logs() as logs:
                reply = await stage.send(ListDepartments(), caller=Caller.KIOSK)
            assert failure(reply) == "InternalError", kinds[0]
            assert reply.failure is not None
            assert reply.failure.detail == ""
            assert reply.correlation_id == "c-1"
            assert SECRET not in msgspec.json.encode(reply).decode()
            assert [(each["event"], each["correlation_id"]) for each in logs] == [("dispatch.failed", "c-1")]
            kinds.pop(0)

    play(platform_url, story)


def test_a_reply_that_cannot_be_written_is_our_fault(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async def handler(call: Call, message: ListDepartments) -> object:
            return object()

        stage.dispatcher.asks(ListDepartments, handler)
        with capture_logs() as logs:
            assert failure(await stage.send(ListDepartments(), caller=Caller.KIOSK)) == "InternalError"
        assert len(logs) == 1

    play(platform_url, story)


def test_the_database_says_nothing_to_the_outside(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async def handler(tx: Tx, call: Call, message: GetPayment) -> None:
            await tx.execute("SELECT secret_column FROM nowhere")

        stage.dispatcher.reads(GetPayment, handler)
        with capture_logs():
            reply = await stage.send(GetPayment(number="ABCD"), caller=Caller.KIOSK)
        assert failure(reply) == "InternalError"
        assert "nowhere" not in msgspec.json.encode(reply).decode()

    play(platform_url, story)


@pytest.mark.parametrize("state", ["53100", "57P01", "57P02", "57P03", "08006"])
def test_a_database_that_cannot_is_an_outage(platform_url: str, state: str) -> None:
    """Without room, being stopped, coming back, or gone."""

    async def story(stage: Stage) -> None:
        async def handler(tx: Tx, call: Call, message: GetPayment) -> None:
            await tx.execute(f"DO $$ BEGIN RAISE 'no room in /srv/yinyi' USING ERRCODE = '{state}'; END $$")

        stage.dispatcher.reads(GetPayment, handler)
        with capture_logs() as logs:
            reply = await stage.send(GetPayment(number="ABCD"), caller=Caller.KIOSK)
        assert failure(reply) == "PlatformUnavailable"
        assert "/srv/yinyi" not in msgspec.json.encode(reply).decode()
        assert [(each["event"], each["log_level"]) for each in logs] == [("dispatch.database_away", "error")]

    play(platform_url, story)


def test_one_that_fails_harms_no_other(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async def fails(call: Call, message: ListSchedules) -> None:
            raise RuntimeError

        stage.dispatcher.asks(ListDepartments, departments)
        stage.dispatcher.asks(ListSchedules, fails)
        stage.dispatcher.changes(LockTerminal, NOTE)
        with capture_logs():
            replies = await asyncio.gather(
                stage.send(ListSchedules(department_id="D1"), caller=Caller.KIOSK),
                stage.send(ListDepartments(), caller=Caller.KIOSK),
                stage.send(lock(), key="key-0001"),
            )
        assert failure(replies[0]) == "InternalError"
        assert [shown(replies[1]), shown(replies[2])] == ["departments", "T1"]

    play(platform_url, story)
