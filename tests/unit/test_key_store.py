"""The software key store: nothing opens in another place; buffers are wiped; files of its own."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from yinyi.access.keys.software import master_keys, plugin
from yinyi.access.keys.software.config import Settings
from yinyi.access.keys.software.plugin import SoftwareKeyStore
from yinyi.business.lines.errors import KeyDoesNotOpen, KeyRefused
from yinyi.business.lines.key_model import HeldKey, KeyPurpose, PosSession, SealedComponent
from yinyi.kernel import buffers
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.plugin import Surroundings
from yinyi.wire.iso8583 import des
from yinyi.wire.iso8583.mac import mac
from yinyi.wire.iso8583.model import MacAlgorithm
from yinyi.wire.key_entry import context_of, seal

T = TypeVar("T")
SLOT = PosSession("bank", "104110070110001", "00000001")
MASTER, OTHER_MASTER = bytes(range(32)), bytes(range(1, 33))
TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")
MAK, MAK_DELIVERED = bytes.fromhex("C24A8FB57AA20123"), bytes.fromhex("96D605EA176B7E9E")
DOUBLE = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
MAB = bytes.fromhex(
    "0200302004C020C0981100000000000000005100183402100006324392260009942820D13121011200843931363638383031"
    "34303030303030303030303030303031313536ACF46E73838A82F92600000000000000000822000001"
)
PURPOSES: tuple[KeyPurpose, ...] = get_args(KeyPurpose)


class Standing:
    """A clock that stands still until it is moved."""

    at = datetime(2026, 3, 2, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


words = st.text("0123456789", min_size=1, max_size=8)
slots = st.builds(PosSession, st.sampled_from(["bank", "public"]), words, words)


def store(master: bytes = MASTER) -> SoftwareKeyStore:
    return SoftwareKeyStore(Settings(), around(Path("nowhere"), {1: bytearray(master)}))


def around(folder: Path, masters: dict[int, bytearray] | None = None) -> Surroundings:
    return Surroundings(clock=ShiftedClock(), callback_url="", secrets=folder, master_keys=masters or {})


def now(what: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(what)


def check_value(key: bytes) -> bytes:
    return des.check_value(key)


async def typed(at: SoftwareKeyStore, part: int, component: bytes, slot: PosSession = SLOT) -> SealedComponent:
    entry = seal(await at.entry_key(), context_of(str(slot), part), component)
    return await at.seal_component(slot, part, entry, check_value(component))


async def loaded(at: SoftwareKeyStore, slot: PosSession = SLOT, tmk: bytes = TMK) -> HeldKey:
    half = bytes(range(100, 116))
    other = bytes(a ^ b for a, b in zip(half, tmk, strict=True))
    return await at.combine(slot, await typed(at, 1, half, slot), await typed(at, 2, other, slot))


# ---- what is used


@pytest.mark.parametrize("key", [MAK, DOUBLE])
def test_what_the_bank_delivers_is_used(key: bytes) -> None:
    async def story() -> None:
        at = store()
        tmk = await loaded(at)
        assert (tmk.purpose, tmk.check_value) == ("tmk", check_value(TMK))
        mak = await at.take_working_key(tmk, SLOT, "mak", des.encrypt_ecb(TMK, key), check_value(key))
        for algorithm in get_args(MacAlgorithm):
            assert await at.mac(mak, SLOT, algorithm, MAB) == mac(algorithm, key, MAB)

    now(story())


# ---- what never opens


@given(slots, slots, st.sampled_from(PURPOSES), st.sampled_from(PURPOSES))
def test_elsewhere_a_key_does_not_open(
    slot: PosSession, moved_to: PosSession, is_for: KeyPurpose, used_for: KeyPurpose
) -> None:
    async def story() -> None:
        at = store()
        key = await as_purpose(at, slot, is_for)
        moved = HeldKey(used_for, key.master_key_id, key.wrapped, key.check_value)
        if (slot, is_for) == (moved_to, used_for):
            await at.check(moved, moved_to)
            return
        for use in (at.check(moved, moved_to), at.rewrap(moved, moved_to), at.mac(moved, moved_to, "ecb", b"")):
            with pytest.raises(KeyDoesNotOpen):
                await use
        with pytest.raises(KeyDoesNotOpen):
            await at.take_working_key(moved, moved_to, "pik", bytes(16), bytes(4))

    now(story())


async def as_purpose(at: SoftwareKeyStore, slot: PosSession, purpose: KeyPurpose) -> HeldKey:
    tmk = await loaded(at, slot)
    if purpose == "tmk":
        return tmk
    return await at.take_working_key(tmk, slot, purpose, des.encrypt_ecb(TMK, DOUBLE), check_value(DOUBLE))


@pytest.mark.parametrize("algorithm", get_args(MacAlgorithm))
def test_what_is_ready_is_so_in_its_own_place(tmp_path: Path, algorithm: MacAlgorithm) -> None:
    async def story() -> None:
        at = SoftwareKeyStore(Settings(keep_retired_days=0), around(tmp_path))
        mak = await as_purpose(at, SLOT, "mak")
        for _ in range(2):
            assert await at.mac(mak, SLOT, algorithm, MAB) == mac(algorithm, DOUBLE, MAB)
        for moved, slot in (
            (mak, SLOT._replace(terminal_no="00000002")),
            (replace(mak, purpose="pik"), SLOT),
            (replace(mak, check_value=bytes(4)), SLOT),
            (replace(mak, wrapped=mak.wrapped[:-1] + bytes([mak.wrapped[-1] ^ 1])), SLOT),
            (replace(mak, master_key_id="9-gone"), SLOT),
        ):
            with pytest.raises(KeyDoesNotOpen):
                await at.mac(moved, slot, algorithm, MAB)
        new = await at.renew([mak.master_key_id])
        assert await at.retire([new])
        with pytest.raises(KeyDoesNotOpen):
            await at.mac(mak, SLOT, algorithm, MAB)

    now(story())


@given(st.integers(0, 10_000), st.integers(0, 7), st.sampled_from(["wrapped", "check_value"]))
def test_altered_it_does_not_open(at_byte: int, bit: int, what: str) -> None:
    async def story() -> None:
        at = store()
        key = await loaded(at)
        altered = bytearray(getattr(key, what))
        altered[at_byte % len(altered)] ^= 1 << bit
        fields = {"wrapped": key.wrapped, "check_value": key.check_value, what: bytes(altered)}
        with pytest.raises(KeyDoesNotOpen):
            await at.check(HeldKey(key.purpose, key.master_key_id, **fields), SLOT)

    now(story())


@pytest.mark.parametrize("wrapped", [b"", b"short", bytes(28), bytes(44)])
def test_rubbish_does_not_open(wrapped: bytes) -> None:
    at = store()
    with pytest.raises(KeyDoesNotOpen):
        now(at.check(HeldKey("mak", now(at.master_key_id()), wrapped, bytes(4)), SLOT))


def test_another_master_key_opens_nothing() -> None:
    at, elsewhere = store(), store(OTHER_MASTER)
    key = now(loaded(at))
    with pytest.raises(KeyDoesNotOpen, match="is not here"):
        now(elsewhere.check(key, SLOT))
    pretended = HeldKey(key.purpose, now(elsewhere.master_key_id()), key.wrapped, key.check_value)
    with pytest.raises(KeyDoesNotOpen, match="altered"):
        now(elsewhere.check(pretended, SLOT))


@pytest.mark.parametrize(
    ("delivered", "says"),
    [
        (MAK_DELIVERED, bytes(4)),
        (MAK_DELIVERED, check_value(MAK)[:2]),
        (MAK_DELIVERED, check_value(MAK) + b"\0"),
        (MAK_DELIVERED, des.check_value(MAK, 8) + b"\0"),
        (MAK_DELIVERED, b""),
        (bytes(24), bytes(4)),
        (b"", bytes(4)),
        (MAK_DELIVERED[:7], bytes(4)),
    ],
)
def test_a_working_key_that_does_not_agree_is_refused(delivered: bytes, says: bytes) -> None:
    async def story() -> None:
        at = store()
        tmk = await loaded(at)
        with pytest.raises(KeyRefused) as refused:
            await at.take_working_key(tmk, SLOT, "mak", delivered, says)
        assert MAK.hex() not in str(refused.value).lower()

    now(story())


def test_a_component_opens_for_its_slot_part_and_store_only() -> None:
    async def story() -> None:
        at = store()
        one, two = await typed(at, 1, DOUBLE), await typed(at, 2, TMK)
        elsewhere = SLOT._replace(merchant_no="104110070110002")
        with pytest.raises(KeyDoesNotOpen):
            await at.combine(elsewhere, one, two)
        with pytest.raises(KeyDoesNotOpen):
            await at.combine(SLOT, one, SealedComponent(2, one.master_key_id, one.sealed, one.check_value))
        with pytest.raises(KeyRefused):
            await at.combine(SLOT, two, one)
        entry = seal(await at.entry_key(), context_of(str(SLOT), 1), DOUBLE)
        for slot, part, to in ((elsewhere, 1, at), (SLOT, 2, at), (SLOT, 1, store(OTHER_MASTER))):
            with pytest.raises(KeyRefused):
                await to.seal_component(slot, part, entry, check_value(DOUBLE))
        for rubbish in (b"", bytes(48), entry[:-1], entry[:31]):
            with pytest.raises(KeyRefused):
                await at.seal_component(SLOT, 1, rubbish, check_value(DOUBLE))

    now(story())


# ---- wiping


def test_every_clear_key_is_wiped_and_no_object_shows_one(monkeypatch: pytest.MonkeyPatch) -> None:
    wiped: list[tuple[bytes, bytearray]] = []

    def wipe(buffer: bytearray) -> None:
        wiped.append((bytes(buffer), buffer))
        buffer[:] = bytes(len(buffer))

    monkeypatch.setattr(buffers, "wipe", wipe)

    async def story() -> None:
        at = store()
        tmk = await loaded(at)
        mak = await at.take_working_key(tmk, SLOT, "mak", MAK_DELIVERED, check_value(MAK))
        with pytest.raises(KeyRefused):
            await at.take_working_key(tmk, SLOT, "mak", MAK_DELIVERED, bytes(4))
        for use in (at.mac(mak, SLOT, "x9.19", MAB), at.check(mak, SLOT), at.rewrap(tmk, SLOT)):
            await use
        shown = f"{at!r} {tmk!r} {mak!r} {await typed(at, 1, DOUBLE)!r}".lower()
        assert mak.wrapped.hex() not in shown
        assert repr(mak.wrapped).lower() not in shown

    now(story())
    contents = [content for content, _ in wiped]
    assert contents.count(MAK) >= 4, "as it was delivered, also when it was refused, and each time it was used"
    assert contents.count(TMK) >= 4
    assert DOUBLE in contents
    assert all(not any(buffer) for _, buffer in wiped)


def test_a_buffer_is_wiped_when_its_block_fails() -> None:
    buffer = bytearray(b"secret")
    with pytest.raises(ZeroDivisionError), buffers.wiped(buffer):
        print(1 / 0)
    assert buffer == bytes(6)


def test_what_is_stopped_opens_nothing() -> None:
    async def story() -> None:
        at = store()
        key = await loaded(at)
        await at.stop()
        with pytest.raises(KeyDoesNotOpen):
            await at.check(key, SLOT)

    now(story())


# ---- files of master keys


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_first_one_is_made_for_nobody_else(tmp_path: Path) -> None:
    first = SoftwareKeyStore(Settings(), around(tmp_path / "secrets"))
    (file,) = (tmp_path / "secrets").iterdir()
    assert (file.name, file.stat().st_mode & 0o777, file.stat().st_size) == ("master-1.key", 0o600, 32)
    again = SoftwareKeyStore(Settings(folder=str(tmp_path / "secrets")), around(tmp_path / "elsewhere"))
    assert now(first.master_key_id()) == now(again.master_key_id())
    now(again.check(now(loaded(first)), SLOT))
    assert file.read_bytes().hex() not in now(first.master_key_id())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "master-1.key"
    file.write_bytes(MASTER)
    file.chmod(mode)
    with pytest.raises(ValueError, match=r"others may read the master key .*master-1\.key"):
        SoftwareKeyStore(Settings(), around(tmp_path))


@pytest.mark.parametrize("content", [b"", MASTER[:31], MASTER + b"\n"])
def test_a_file_of_another_length_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "master-1.key"
    file.touch(mode=0o600)
    file.write_bytes(content)
    with pytest.raises(ValueError, match="has not 32 bytes"):
        SoftwareKeyStore(Settings(), around(tmp_path))


def test_a_key_that_was_given_needs_no_file(tmp_path: Path) -> None:
    at = SoftwareKeyStore(Settings(), around(tmp_path / "secrets", {7: bytearray(MASTER)}))
    assert now(at.master_key_id()).startswith("7-")
    assert list(tmp_path.iterdir()) == []


def test_what_is_deleted_is_overwritten_first(tmp_path: Path) -> None:
    at = SoftwareKeyStore(Settings(keep_retired_days=0), around(tmp_path))
    other_name = tmp_path / "the same file"
    other_name.hardlink_to(tmp_path / "master-1.key")
    old = now(at.master_key_id())
    new = now(at.renew([old]))
    assert now(at.renew([old])) == new, "not made again"
    assert not now(at.retire([old, new]))
    assert now(at.retire([new]))
    assert other_name.read_bytes() == bytes(32)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["master-2.key", "the same file"]
    assert not now(at.retire([new]))


def test_what_was_retired_opens_what_it_has_wrapped_while_backups_are_under_it(tmp_path: Path) -> None:
    """After a restore to before the rotation, whoever signs on is under it again."""

    async def story() -> None:
        clock = Standing()
        surroundings = Surroundings(clock=clock, callback_url="", secrets=tmp_path)
        at = SoftwareKeyStore(Settings(keep_retired_days=7), surroundings)
        key = await loaded(at)
        new = await at.renew([key.master_key_id])
        assert await at.retire([new])
        assert names(tmp_path) == ["master-1.retired", "master-2.key"]
        clock.at += timedelta(days=6)
        again = SoftwareKeyStore(Settings(keep_retired_days=7), surroundings)
        value = des.check_value(DOUBLE)
        for store_ in (at, again):
            await store_.check(key, SLOT)
            assert await store_.master_key_id() == new
            assert (await store_.rewrap(key, SLOT)).master_key_id == new
            mak = await store_.take_working_key(key, SLOT, "mak", des.encrypt_ecb(TMK, DOUBLE), value)
            assert mak.master_key_id == key.master_key_id, "its database knows no newer one"
        clock.at += timedelta(days=1)
        await at.master_key_id()
        assert names(tmp_path) == ["master-2.key"]
        with pytest.raises(KeyDoesNotOpen):
            await SoftwareKeyStore(Settings(), surroundings).check(key, SLOT)

    now(story())


def test_two_that_begin_at_once_have_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one's file appears between the look and the link."""
    theirs: list[str] = []

    def other_first(count: int) -> bytes:
        if not theirs:
            theirs.append("")
            theirs[0] = now(SoftwareKeyStore(Settings(), around(tmp_path)).master_key_id())
        return bytes(count)

    monkeypatch.setattr(master_keys.os, "urandom", other_first)
    assert now(SoftwareKeyStore(Settings(), around(tmp_path)).master_key_id()) == theirs[0]
    assert [path.name for path in tmp_path.iterdir()] == ["master-1.key"]


def test_it_is_declared() -> None:
    assert (plugin.PLUGIN.kind, plugin.PLUGIN.name) == ("keys", "software")
