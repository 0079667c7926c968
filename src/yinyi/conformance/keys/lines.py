"""``KeyStore``: keys of bank lines go in and out wrapped, each good in its own place and for its own purpose only."""

import secrets
from collections.abc import Awaitable
from dataclasses import replace as replaced
from typing import get_args

from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC
from msgspec.structs import replace

from yinyi.business.lines.errors import KeyDoesNotOpen, KeyRefused
from yinyi.business.lines.key_model import WorkingPurpose
from yinyi.business.lines.key_ports import KeyStore
from yinyi.conformance.behaviour import Script, equal, raises
from yinyi.conformance.keys.stage import ELSEWHERE, SLOT, TMK, Stage
from yinyi.wire.iso8583 import des
from yinyi.wire.iso8583.mac import mac
from yinyi.wire.iso8583.model import MacAlgorithm
from yinyi.wire.key_entry import context_of, seal

SCRIPT = Script((KeyStore,))
_DATA = bytes(range(100))
_SIZES = (8, 16)
_CHECKED = (3, 4, 8)
"""Bytes of a check value that acquirers send."""
_PURPOSES: tuple[WorkingPurpose, ...] = get_args(WorkingPurpose)
_ALGORITHMS: tuple[MacAlgorithm, ...] = get_args(MacAlgorithm)


@SCRIPT.behaviour()
async def two_halves_make_a_key(stage: Stage) -> None:
    tmk = await stage.loaded()
    equal((tmk.purpose, tmk.check_value), ("tmk", des.check_value(TMK)))
    equal(tmk.master_key_id, await stage.keys.master_key_id())
    await stage.keys.check(tmk, SLOT)


@SCRIPT.behaviour()
async def a_half_that_was_mistyped_is_refused(stage: Stage) -> None:
    half = secrets.token_bytes(16)
    entry = seal(await stage.keys.entry_key(), context_of(str(SLOT), 1), half)
    await raises(KeyRefused, stage.keys.seal_component(SLOT, 1, entry, bytes(4)))


@SCRIPT.behaviour(["another part", "another slot", "altered", "empty", "sealed to somebody else"])
async def a_half_is_taken_where_it_was_typed_for(stage: Stage, what: str) -> None:
    half = secrets.token_bytes(16)
    to = await (stage.stranger if what == "sealed to somebody else" else stage.keys).entry_key()
    entry = seal(to, context_of(str(SLOT), 1), half)
    if what == "altered":
        entry = entry[:-1] + bytes([entry[-1] ^ 1])
    part, slot = 2 if what == "another part" else 1, ELSEWHERE if what == "another slot" else SLOT
    told = b"" if what == "empty" else entry
    await raises(KeyRefused, stage.keys.seal_component(slot, part, told, des.check_value(half)))


@SCRIPT.behaviour()
async def halves_of_another_slot_make_no_key(stage: Stage) -> None:
    one, two = await stage.typed(1, secrets.token_bytes(16)), await stage.typed(2, secrets.token_bytes(16))
    await raises(KeyDoesNotOpen, stage.keys.combine(ELSEWHERE, one, two))
    await raises(KeyDoesNotOpen, stage.keys.combine(SLOT, one, replaced(one, part=2)))


@SCRIPT.behaviour(_SIZES, _ALGORITHMS)
async def what_the_bank_delivers_authenticates(stage: Stage, size: int, algorithm: MacAlgorithm) -> None:
    key, tmk = secrets.token_bytes(size), await stage.loaded()
    mak = await stage.keys.take_working_key(tmk, SLOT, "mak", des.encrypt_ecb(TMK, key), des.check_value(key))
    for _ in range(2):
        equal(await stage.keys.mac(mak, SLOT, algorithm, _DATA), mac(algorithm, key, _DATA))


@SCRIPT.behaviour(_SIZES)
async def what_an_institution_delivers_authenticates_by_sm3(stage: Stage, size: int) -> None:
    key, tmk = secrets.token_bytes(size), await stage.loaded()
    mak = await stage.keys.take_working_key(tmk, SLOT, "mak", des.encrypt_ecb(TMK, key), des.check_value(key))
    expected = HMAC(key, SM3())
    expected.update(_DATA)
    made = expected.finalize()
    for _ in range(2):
        equal(await stage.keys.mac(mak, SLOT, "hmac-sm3", _DATA), made)


@SCRIPT.behaviour()
async def a_delivered_key_that_does_not_agree_is_refused(stage: Stage) -> None:
    key, tmk = secrets.token_bytes(16), await stage.loaded()
    delivered, says = des.encrypt_ecb(TMK, key), des.check_value(key)
    for wrong, value in (
        (delivered, bytes(4)), (delivered, says[:2]), (delivered, b""), (delivered[:7], says), (b"", says),
    ):  # fmt: skip
        await raises(KeyRefused, stage.keys.take_working_key(tmk, SLOT, "mak", wrong, value))


@SCRIPT.behaviour(_CHECKED)
async def a_check_value_is_compared_as_far_as_it_comes(stage: Stage, size: int) -> None:
    key, tmk = secrets.token_bytes(16), await stage.loaded()
    delivered, says = des.encrypt_ecb(TMK, key), des.check_value(key, size)
    taken = await stage.keys.take_working_key(tmk, SLOT, "pik", delivered, says)
    equal(taken.check_value, des.check_value(key))
    wrong = says[:-1] + bytes([says[-1] ^ 1])
    await raises(KeyRefused, stage.keys.take_working_key(tmk, SLOT, "pik", delivered, wrong))


@SCRIPT.behaviour()
async def only_a_tdk_may_come_without_a_check_value(stage: Stage) -> None:
    key, tmk = secrets.token_bytes(16), await stage.loaded()
    delivered = des.encrypt_ecb(TMK, key)
    equal((await stage.keys.take_working_key(tmk, SLOT, "tdk", delivered, b"")).check_value, des.check_value(key))
    await raises(KeyRefused, stage.keys.take_working_key(tmk, SLOT, "pik", delivered, b""))


@SCRIPT.behaviour(_PURPOSES)
async def a_key_opens_in_its_own_place_only(stage: Stage, purpose: WorkingPurpose) -> None:
    key, tmk = secrets.token_bytes(16), await stage.loaded()
    held = await stage.keys.take_working_key(tmk, SLOT, purpose, des.encrypt_ecb(TMK, key), des.check_value(key))
    await stage.keys.check(held, SLOT)
    other: WorkingPurpose = "pik" if purpose == "mak" else "mak"
    altered = held.wrapped[:-1] + bytes([held.wrapped[-1] ^ 1])
    wrong: list[Awaitable[object]] = [
        stage.keys.check(held, ELSEWHERE),
        stage.keys.check(replace(held, purpose=other), SLOT),
        stage.keys.check(replace(held, wrapped=altered), SLOT),
        stage.keys.check(replace(held, wrapped=b""), SLOT),
        stage.keys.check(replace(held, check_value=bytes(4)), SLOT),
        stage.keys.take_working_key(held, SLOT, "mak", bytes(16), bytes(4)),
        stage.stranger.check(held, SLOT),
    ]
    for each in wrong:
        await raises(KeyDoesNotOpen, each)


@SCRIPT.behaviour()
async def only_a_mak_authenticates(stage: Stage) -> None:
    await raises(KeyDoesNotOpen, stage.keys.mac(await stage.loaded(), SLOT, "x9.19", _DATA))


@SCRIPT.behaviour()
async def keys_move_to_a_new_master_key_and_nothing_new_comes_under_the_old_one(stage: Stage) -> None:
    tmk, half = await stage.loaded(), await stage.typed(1, secrets.token_bytes(16))
    old = await stage.keys.master_key_id()
    new = await stage.keys.renew([old])
    equal((new != old, await stage.keys.master_key_id()), (True, new))
    moved, kept = await stage.keys.rewrap(tmk, SLOT), await stage.keys.reseal(half, SLOT)
    equal((moved.master_key_id, moved.check_value, kept.master_key_id), (new, tmk.check_value, new))
    equal(await stage.keys.retire([new]), True)
    await stage.keys.check(moved, SLOT)
    equal(((await stage.loaded()).master_key_id, await stage.keys.retire([new])), (new, False))


@SCRIPT.behaviour()
async def nothing_of_a_key_is_printed(stage: Stage) -> None:
    tmk = await stage.loaded()
    told = f"{stage.keys!r} {tmk!r}".lower()
    for each in (TMK.hex(), repr(TMK).lower(), tmk.wrapped.hex()):
        assert each not in told, "a repr tells a key"
