"""Changes: one key stands for one committed change, and everything of it is committed together or not at all."""

import asyncio
from typing import Any

import msgspec
import pytest
from dispatch_stage import NOTE, Stage, failure, lock, make_note, play, show_note, shown

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change
from yinyi.bus.guard import assert_no_transaction
from yinyi.business.payments.messages_queue import AskAgain, PostAgain
from yinyi.business.terminals.messages import LockTerminal
from yinyi.kernel.errors import Conflict

KEY = "key-0001"
PATH = "terminals.LockTerminal.v1"


def test_the_same_again_shows_the_live_state(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.changes(LockTerminal, NOTE)
        assert shown(await stage.send(lock(), key=KEY)) == "T1"
        await stage.execute("UPDATE note SET text = 'as it is now'")
        assert shown(await stage.send(lock(), key=KEY)) == "as it is now"
        assert await stage.notes() == ["as it is now"]
        assert await stage.audited() == [(PATH, "1", "console:anna")]
        assert len(stage.commits) == 1

    play(platform_url, story)


def test_another_request_under_the_same_key_is_a_conflict(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.changes(LockTerminal, NOTE)
        stage.dispatcher.changes(AskAgain, Change[AskAgain, Any](_note_payment, show_note))
        stage.dispatcher.changes(PostAgain, Change[PostAgain, Any](_note_payment, show_note))
        assert shown(await stage.send(lock("T1"), key=KEY)) == "T1"
        assert failure(await stage.send(lock("T2"), key=KEY)) == "IdempotencyConflict"
        assert failure(await stage.send(AskAgain(payment_no="2603020900"), key=KEY)) == "IdempotencyConflict"
        assert shown(await stage.send(AskAgain(payment_no="2603020900"), key="key-0002")) == "2603020900"
        other = PostAgain(payment_no="2603020900")  # whose body is the same
        assert failure(await stage.send(other, key="key-0002")) == "IdempotencyConflict"
        assert await stage.notes() == ["T1", "2603020900"]

    play(platform_url, story)


async def _note_payment(tx: Tx, call: Call, message: AskAgain | PostAgain, facts: object) -> str:
    return str(await tx.fetchval("INSERT INTO note (text) VALUES ($1) RETURNING note_id", message.payment_no))


@pytest.mark.parametrize("unique", [False, True])
def test_several_at_once_with_one_key_are_one_change(platform_url: str, unique: bool) -> None:
    """A double click: everybody is shown what the first one made, whatever keeps it from being made twice."""

    async def story(stage: Stage) -> None:
        if unique:
            await stage.execute("CREATE UNIQUE INDEX note_once ON note (text)")
        stage.dispatcher.changes(LockTerminal, Change(_refusing_twice if unique else make_note, show_note))
        replies = await asyncio.gather(*(stage.send(lock(), key=KEY) for _ in range(8)))
        assert [shown(reply) for reply in replies] == ["T1"] * 8
        assert await stage.notes() == ["T1"]
        assert len(await stage.audited()) == 1

    play(platform_url, story)


async def _refusing_twice(tx: Tx, call: Call, message: LockTerminal, facts: object) -> str:
    """As payments do with an obligation."""
    made = await tx.fetchval(
        "INSERT INTO note (text) VALUES ($1) ON CONFLICT DO NOTHING RETURNING note_id", message.terminal_id
    )
    if made is None:
        raise Conflict("there is one already")
    return str(made)


def test_a_double_click_with_two_keys_is_told_the_truth(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.execute("CREATE UNIQUE INDEX note_once ON note (text)")
        stage.dispatcher.changes(LockTerminal, Change(_refusing_twice, show_note))
        assert shown(await stage.send(lock(), key=KEY)) == "T1"
        assert failure(await stage.send(lock(), key="key-0002")) == "Conflict"

    play(platform_url, story)


def test_keys_belong_to_who_uses_them(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.changes(LockTerminal, NOTE)
        for number, who in enumerate(["anna", "bert", "elsewhere"], start=1):
            assert shown(await stage.send(lock(f"T{number}"), who=who, key=KEY)) == f"T{number}"
        assert await stage.notes() == ["T1", "T2", "T3"]

    play(platform_url, story)


BAD_KEYS = ("", "short", "x" * 65, "with\nnewline", "schlüssel-1", "钥匙钥匙钥匙钥匙", "tab\tinside")


def test_a_change_needs_a_good_key(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        stage.dispatcher.changes(LockTerminal, NOTE)
        for key in BAD_KEYS:
            assert failure(await stage.send(lock(), key=key)) == "InvalidField", key
        assert await stage.notes() == []

    play(platform_url, story)


@pytest.mark.parametrize("fails", ["make", "audit"])
def test_a_change_that_fails_leaves_nothing_and_its_key_is_free(platform_url: str, fails: str) -> None:
    async def story(stage: Stage) -> None:
        failing = True

        async def make(tx: Tx, call: Call, message: LockTerminal, facts: object) -> str:
            subject = await make_note(tx, call, message, facts)
            if failing and fails == "make":
                raise Conflict
            return subject

        stage.dispatcher.changes(LockTerminal, Change(make, show_note))
        if fails == "audit":
            await stage.execute("ALTER TABLE noted RENAME TO away")
        code = failure(await stage.send(lock(), key=KEY))
        assert code == ("Conflict" if fails == "make" else "InternalError")
        assert await stage.notes() == []
        assert stage.commits == []
        failing = False
        if fails == "audit":
            await stage.execute("ALTER TABLE away RENAME TO noted")
        assert await stage.audited() == []
        assert shown(await stage.send(lock("T2"), key=KEY)) == "T2"
        assert await stage.notes() == ["T2"]

    play(platform_url, story)


def test_a_change_whose_time_runs_out_leaves_nothing(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        begun = asyncio.Event()

        async def make(tx: Tx, call: Call, message: LockTerminal, facts: object) -> str:
            await make_note(tx, call, message, facts)
            begun.set()
            await asyncio.Event().wait()
            return ""

        stage.dispatcher.changes(LockTerminal, Change(make, show_note))
        assert failure(await stage.send(lock(), key=KEY, within_s=0.5)) == "DeadlineExceeded"
        assert begun.is_set()
        assert await stage.notes() == []

    play(platform_url, story)


def test_what_cannot_be_shown_was_made_all_the_same(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        broken = True

        async def show(tx: Tx, call: Call, subject: str) -> str:
            if broken:
                raise RuntimeError
            return await show_note(tx, call, subject)

        stage.dispatcher.changes(LockTerminal, Change(make_note, show))
        assert failure(await stage.send(lock(), key=KEY)) == "InternalError"
        broken = False
        assert shown(await stage.send(lock(), key=KEY)) == "T1"
        assert await stage.notes() == ["T1"]

    play(platform_url, story)


def test_ports_are_asked_before_and_after_the_transaction_and_never_inside(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        order: list[str] = []

        async def prepare(call: Call, message: LockTerminal) -> str:
            assert_no_transaction()
            order.append("prepare")
            return "facts"

        async def make(tx: Tx, call: Call, message: LockTerminal, facts: str) -> str:
            order.append(f"make with {facts}")
            with pytest.raises(AssertionError, match="while a transaction is open"):
                assert_no_transaction()
            return await make_note(tx, call, message, facts)

        async def settle(call: Call, subject: str) -> None:
            assert_no_transaction()
            order.append(f"settle {subject} {await stage.notes()}")

        async def show(tx: Tx, call: Call, subject: str) -> str:
            assert_no_transaction()
            order.append("show")
            return await show_note(tx, call, subject)

        stage.dispatcher.changes(LockTerminal, Change(make, show, prepare=prepare, settle=settle))
        assert shown(await stage.send(lock(), key=KEY)) == "T1"
        assert order == ["prepare", "make with facts", "settle 1 ['T1']", "show"]
        order.clear()
        assert shown(await stage.send(lock(), key=KEY)) == "T1"
        assert order == ["settle 1 ['T1']", "show"], "a replay prepares and makes nothing"

    play(platform_url, story)


def test_the_guard_sees_a_transaction_wherever_it_was_opened(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async def calls_out() -> None:
            assert_no_transaction()

        async def breaks() -> None:
            async with stage.database.transaction():
                raise RuntimeError

        assert_no_transaction()
        async with stage.database.read():
            assert_no_transaction()
        async with stage.database.transaction():
            with pytest.raises(AssertionError):
                await calls_out()
            with pytest.raises(AssertionError):
                await asyncio.create_task(calls_out())
        assert_no_transaction()
        with pytest.raises(RuntimeError):
            await breaks()
        assert_no_transaction()

    play(platform_url, story)


def test_a_transaction_here_is_none_there(platform_url: str) -> None:
    """Two requests at once in one process: one's transaction does not stop the other's call."""

    async def story(stage: Stage) -> None:
        inside, leave = asyncio.Event(), asyncio.Event()

        async def holds() -> None:
            async with stage.database.transaction():
                inside.set()
                await leave.wait()

        holding = asyncio.create_task(holds())
        await inside.wait()
        assert_no_transaction()
        leave.set()
        await holding

    play(platform_url, story)


def test_the_body_is_compared_as_it_came(platform_url: str) -> None:
    """Two spellings of one request are two bodies: clients repeat what they sent."""

    async def story(stage: Stage) -> None:
        stage.dispatcher.changes(LockTerminal, NOTE)
        envelope = {
            "correlation_id": "c",
            "deadline": "2026-03-02T02:00:00Z",
            "key": KEY,
            "credentials": {"staff": "anna"},
        }
        replies = [
            await stage.send_raw(
                f"op.console.{PATH}", msgspec.json.encode(envelope | {"body": msgspec.Raw(body.encode())})
            )
            for body in ('{"terminal_id":"T1","locked":true}', '{"locked":true,"terminal_id":"T1"}')
        ]
        assert shown(replies[0]) == "T1"
        assert failure(replies[1]) == "IdempotencyConflict"

    play(platform_url, story)
