"""Two custodians, one component each, and the bank's letter: nothing else loads a key."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from key_stage import FIRST, OTHER, PINS, SECOND, SLOT, WHOLE, Stage, delivered, play, store_on, value, working

from yinyi.business.lines import key_rows as rows
from yinyi.business.lines.errors import (
    ComponentsMissing,
    ComponentTaken,
    KeyDoesNotOpen,
    KeyRefused,
    MasterKeyNotInUse,
)
from yinyi.business.lines.invariants import KeyComponentsExpire
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.key_rows import COMPONENT_LASTS, Loaded
from yinyi.business.lines.messages import SLOTS_AT_ONCE, DiscardKeyComponents, KeyInventory, KeyStatus
from yinyi.business.terminals.staff_pins import TRIES, WAIT
from yinyi.business.watch.model import numbered
from yinyi.kernel.errors import PersonTriesSpent, PersonUnproven, SecondPersonNeeded
from yinyi.wire.iso8583 import des

MAK = bytes.fromhex("C24A8FB57AA20123")


def test_two_people_and_the_letter_load_a_key(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        alone = await stage.load(1, FIRST, "anna")
        assert [(each.part, each.check_value, each.entered_by) for each in alone.components] == [
            (1, value(FIRST), "anna")
        ]
        assert (alone.combined, alone.loaded) == ("", "")
        both = await stage.load(2, SECOND, "bernd")
        assert (both.combined, both.loaded) == (value(WHOLE), "")
        assert await stage.rows("SELECT FROM line_key") == []
        done = await stage.confirm(who="clara")
        assert (done.components, done.combined, done.loaded) == ([], "", value(WHOLE))
        assert await stage.rows("SELECT FROM line_key_component") == []
        (slot,) = (await stage.ask(KeyStatus())).slots
        (key,) = slot.keys
        assert (key.purpose, key.check_value, key.loaded_by) == ("tmk", value(WHOLE), "clara")
        assert (key.first_by, key.second_by) == ("anna", "bernd")

    play(platform_url, tmp_path, story)


def test_one_person_is_not_two(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.load(1, FIRST, "anna")
        with pytest.raises(SecondPersonNeeded):
            await stage.load(2, SECOND, "anna")
        with pytest.raises(ComponentTaken):
            await stage.load(1, SECOND, "bernd")
        with pytest.raises(ComponentsMissing):
            await stage.confirm()
        await stage.load(1, SECOND, "anna")
        await stage.load(2, FIRST, "bernd")
        assert (await stage.confirm()).loaded == value(WHOLE)

    play(platform_url, tmp_path, story)


def test_two_accounts_of_one_person_are_one_person(platform_url: str, tmp_path: Path) -> None:
    """Whoever asks: it counts who has proved with his own PIN that he is there."""

    async def story(stage: Stage) -> None:
        await stage.load(1, FIRST, "anna", asks="operator")
        with pytest.raises(SecondPersonNeeded):
            await stage.load(2, SECOND, "anna", asks="supervisor")
        for custodian, pin in (("bernd", PINS["anna"]), ("bernd", ""), ("", ""), ("operator", "000000")):
            with pytest.raises(PersonUnproven):
                await stage.load(2, SECOND, custodian, pin=pin, asks="supervisor")
        both = await stage.load(2, SECOND, "bernd", asks="operator")
        assert [each.entered_by for each in both.components] == ["anna", "bernd"]
        refused = await stage.rows("SELECT * FROM audit WHERE detail LIKE '%PersonUnproven%' ORDER BY audit_id")
        assert [row["subject"] for row in refused] == ["bernd", "bernd", "operator"], "nobody is not written down"
        assert not [row for row in refused if PINS["anna"] in str(row)]

    play(platform_url, tmp_path, story)


def test_a_custodians_pin_cannot_be_guessed(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        for _ in range(TRIES):
            with pytest.raises(PersonUnproven):
                await stage.load(1, FIRST, "anna", pin="999999")
        with pytest.raises(PersonTriesSpent):
            await stage.load(1, FIRST, "anna")
        stage.clock.at += WAIT
        await stage.load(1, FIRST, "anna")
        assert [row["tries"] for row in await stage.rows("SELECT tries FROM staff_card ORDER BY card_id")] == [0, 0, 0]

    play(platform_url, tmp_path, story)


def test_a_card_that_was_revoked_proves_nothing(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.rows("UPDATE staff_card SET revoked_at = enrolled_at WHERE staff_id = 'anna'")
        with pytest.raises(PersonUnproven):
            await stage.load(1, FIRST, "anna")

    play(platform_url, tmp_path, story)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (
            "INSERT INTO line_key_component SELECT hospital_id, acquirer, merchant_no, terminal_no, 2, master_key_id,"
            " sealed, check_value, entered_by, entered_at, expires_at FROM line_key_component WHERE part = 1",
            "line_key_component_two_people_key",
        ),
        ("UPDATE line_key SET second_by = first_by", "line_key_two_people_check"),
        ("UPDATE line_key SET second_by = NULL", "line_key_custodians_check"),
        ("DELETE FROM line_master_key", "fkey"),
    ],
)
def test_the_database_sees_to_it_too(platform_url: str, tmp_path: Path, statement: str, constraint: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.loaded(SLOT)
        await stage.load(1, FIRST, "anna", OTHER)
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=constraint):
            await stage.rows(statement)

    play(platform_url, tmp_path, story)


def test_what_the_letter_does_not_say_is_not_loaded(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.both()
        with pytest.raises(KeyRefused):
            await stage.confirm("00000000")
        assert await stage.rows("SELECT FROM line_key") == []
        (refused,) = await stage.rows("SELECT actor, subject, detail FROM audit WHERE detail LIKE '%refused%'")
        assert (refused["actor"], refused["subject"]) == ("console:anna", str(SLOT))
        assert value(WHOLE) in refused["detail"]
        assert (await stage.confirm()).loaded == value(WHOLE)

    play(platform_url, tmp_path, story)


@pytest.mark.parametrize(
    ("component", "wrong"),
    [
        (SECOND, {"says": "12345678"}),
        (SECOND, {"sealed_for": OTHER}),
        (SECOND[:8], {}),
        (SECOND + FIRST[:8], {"says": "12345678"}),
        (bytes(16), {}),
        (FIRST[:8] + FIRST[8:], {}),
    ],
    ids=["check value", "another slot", "too short", "too long", "zero", "the same component"],
)
def test_a_wrong_component_is_refused(
    platform_url: str, tmp_path: Path, component: bytes, wrong: dict[str, Any]
) -> None:
    async def story(stage: Stage) -> None:
        await stage.load(1, FIRST, "anna")
        with pytest.raises(KeyRefused) as refused:
            await stage.load(2, component, "bernd", **wrong)
        assert component.hex() not in f"{refused.value} {refused.value.detail}".lower()
        assert [row["part"] for row in await stage.rows("SELECT part FROM line_key_component")] == [1]

    play(platform_url, tmp_path, story)


def test_components_do_not_wait_for_ever(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.both()
        stage.clock.at += COMPONENT_LASTS + timedelta(minutes=6)
        with pytest.raises(ComponentsMissing):
            await stage.confirm()
        query, values = numbered(KeyComponentsExpire.statement, {"hospital": 1, "now": stage.clock.now()})
        assert [row["subject"] for row in await stage.rows(query, *values)] == [str(SLOT)] * 2
        await stage.load(1, SECOND, "clara")
        assert [row["entered_by"] for row in await stage.rows("SELECT entered_by FROM line_key_component")] == ["clara"]
        stage.clock.at += COMPONENT_LASTS
        await stage.lines.keys.sweep()
        assert await stage.rows("SELECT FROM line_key_component") == []

    play(platform_url, tmp_path, story)


def test_what_was_entered_can_be_forgotten(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.both()
        gone = await stage.ask(DiscardKeyComponents(**SLOT._asdict()), "clara")
        assert (gone.components, gone.combined) == ([], "")
        with pytest.raises(ComponentsMissing):
            await stage.confirm()

    play(platform_url, tmp_path, story)


def test_the_journal_says_who_and_which_and_never_what(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.both()
        await stage.confirm(who="clara")
        lines = await stage.rows("SELECT actor, operation, subject, detail FROM audit WHERE detail <> '{}' ORDER BY at")
        told = [(row["actor"], row["operation"].split(".")[1], row["subject"]) for row in lines]
        assert told == [
            ("console:anna:person anna", "LoadKeyComponent", str(SLOT)),
            ("console:bernd:person bernd", "LoadKeyComponent", str(SLOT)),
            ("console:clara", "ConfirmKey", str(SLOT)),
        ]
        for row, key in zip(lines, (FIRST, SECOND, WHOLE), strict=True):
            assert value(key) in row["detail"]
            assert key.hex() not in row["detail"].lower()

    play(platform_url, tmp_path, story)


def test_a_new_tmk_takes_the_working_keys_of_the_old_one_with_it(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.loaded(SLOT)
        async with stage.database.transaction() as tx:
            tmk = (await rows.held(tx, 1, SLOT))["tmk"]
            mak = await working(stage, tmk, MAK)
            assert await rows.put_working_keys(tx, 1, SLOT, tmk, [mak], Loaded(stage.clock.now(), "session"))
            assert (await rows.held(tx, 1, SLOT))["mak"] == mak
        other = bytes(a ^ b for a, b in zip(FIRST, WHOLE, strict=True))
        await stage.load(1, WHOLE, "anna")
        await stage.load(2, FIRST, "bernd")
        await stage.confirm(value(other))
        async with stage.database.transaction() as tx:
            assert (await rows.held(tx, 1, SLOT)).keys() == {"tmk"}
            late = Loaded(stage.clock.now(), "session")
            assert not await rows.put_working_keys(tx, 1, SLOT, tmk, [mak], late)

    play(platform_url, tmp_path, story)


def test_two_merchant_numbers_of_one_terminal_have_keys_of_their_own(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.loaded(SLOT, OTHER)
        async with stage.database.read() as tx:
            ours, theirs = (await rows.held(tx, 1, SLOT))["tmk"], (await rows.held(tx, 1, OTHER))["tmk"]
        await stage.store.check(ours, SLOT)
        await stage.store.check(theirs, OTHER)
        for key, slot in ((ours, OTHER), (theirs, SLOT)):
            with pytest.raises(KeyDoesNotOpen):
                await stage.store.check(key, slot)
            with pytest.raises(KeyDoesNotOpen):
                await stage.store.take_working_key(key, slot, "mak", delivered(MAK), des.check_value(MAK))

    play(platform_url, tmp_path, story)


def test_a_mistyped_master_key_loads_nothing_and_is_named(platform_url: str, tmp_path: Path) -> None:
    """Its id is another one, so it cannot be taken for the one that keys are under."""
    right = bytes(range(32))

    async def first(stage: Stage) -> None:
        await stage.loaded(SLOT)

    async def then(stage: Stage) -> None:
        shown = await stage.ask(KeyStatus())
        assert shown.not_opening == shown.in_use == [await store_on(tmp_path, master_keys=given(right)).master_key_id()]
        assert shown.master_key_id not in shown.in_use
        with pytest.raises(MasterKeyNotInUse):
            await stage.load(1, FIRST, "anna", OTHER)

    play(platform_url, tmp_path, first, master_keys=given(right))
    play(platform_url, tmp_path, then, master_keys=given(bytes([1, *right[1:]])))


def given(key: bytes) -> dict[int, bytearray]:
    return {1: bytearray(key)}


def test_status_of_many_comes_in_pages(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.loaded(SLOT)
        await stage.rows(
            "INSERT INTO line_key SELECT hospital_id, acquirer, merchant_no, to_char(n, 'FM00000000'), purpose,"
            " master_key_id, wrapped, check_value, loaded_at, loaded_by, first_by, second_by"
            " FROM line_key CROSS JOIN generate_series(2, $1) AS n",
            2 * SLOTS_AT_ONCE + 1,
        )
        seen, shown = list[PosSession](), await stage.ask(KeyStatus())
        while True:
            seen += _slots(shown)
            if not shown.more:
                break
            last = shown.slots[-1]
            after = {"after_acquirer": last.acquirer, "after_merchant_no": last.merchant_no}
            shown = await stage.ask(KeyStatus(**after, after_terminal_no=last.terminal_no))
        assert len(seen) == len(set(seen)) == 2 * SLOTS_AT_ONCE + 1
        assert seen == sorted(seen)
        assert _slots(await stage.ask(KeyStatus(terminal_no="00000007"))) == [SLOT._replace(terminal_no="00000007")]

    play(platform_url, tmp_path, story)


def _slots(shown: KeyInventory) -> list[PosSession]:
    return [PosSession(each.acquirer, each.merchant_no, each.terminal_no) for each in shown.slots]
