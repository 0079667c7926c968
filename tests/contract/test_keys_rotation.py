"""Rotation: everything comes under a new master key, whatever is killed in between, and nothing is lost."""

import inspect
import multiprocessing
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from key_stage import FIRST, OTHER, SLOT, Stage, delivered, play, store_on, working

from yinyi.access.keys.software.plugin import SoftwareKeyStore
from yinyi.business.lines import key_rows as rows
from yinyi.business.lines.errors import KeyDoesNotOpen, MasterKeyNotInUse, NoNewMasterKey
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.key_rows import Loaded
from yinyi.business.lines.messages import KeyStatus, RotateKeys
from yinyi.wire.iso8583 import des
from yinyi.wire.iso8583.mac import mac as mac_of

MAK = bytes.fromhex("C24A8FB57AA20123")
WAITING = PosSession("bank", "104110070110003", "00000001")
_FORK = multiprocessing.get_context("fork")


def numbers(folder: Path) -> list[int]:
    """Of the master keys on disk."""
    return sorted(int(path.stem.split("-")[1]) for path in folder.glob("master-*.key"))


def everything(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def furnish(stage: Stage) -> None:
    """Two slots with keys, and a component that waits."""
    await stage.loaded(SLOT, OTHER)
    await stage.load(1, FIRST, "anna", WAITING)
    async with stage.database.transaction() as tx:
        tmk = (await rows.held(tx, 1, SLOT))["tmk"]
        mak = await working(stage, tmk, MAK)
        assert await rows.put_working_keys(tx, 1, SLOT, tmk, [mak], Loaded(stage.clock.now(), "session"))


async def all_is_well(stage: Stage) -> None:
    """Everything opens, under one master key, and the component can still be used."""
    async with stage.database.read() as tx:
        mine, other = await rows.held(tx, 1, SLOT), await rows.held(tx, 1, OTHER)
        assert len(await rows.in_use(tx, 1)) == 1
    assert (mine.keys(), other.keys()) == ({"tmk", "mak"}, {"tmk"})
    for key, slot in ((mine["tmk"], SLOT), (mine["mak"], SLOT), (other["tmk"], OTHER)):
        await stage.store.check(key, slot)
    expected = mac_of("x9.19", MAK, b"message")
    assert await stage.store.mac(mine["mak"], SLOT, "x9.19", b"message") == expected
    shown = await stage.ask(KeyStatus())
    assert (shown.not_opening, shown.in_use) == ([], [shown.master_key_id])
    assert (await stage.load(2, delivered(FIRST), "bernd", WAITING)).combined


def test_everything_comes_under_a_new_master_key(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await furnish(stage)
        before = await stage.ask(KeyStatus())
        wrapped = {row["wrapped"] for row in await stage.rows("SELECT wrapped FROM line_key")}
        done = await stage.ask(RotateKeys())
        assert done.in_use == [done.master_key_id] != before.in_use
        assert not wrapped & {row["wrapped"] for row in await stage.rows("SELECT wrapped FROM line_key")}
        assert numbers(tmp_path) == [2]
        assert sorted(path.name for path in everything(tmp_path)) == ["master-1.retired", "master-2.key"]
        await all_is_well(stage)
        told = await stage.rows("SELECT actor, subject FROM audit WHERE operation = 'lines.RotateKeys.v1'")
        assert {tuple(row) for row in told} == {("console:anna", done.master_key_id)}

    play(platform_url, tmp_path, story)


def test_another_process_learns_of_it_by_itself(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        second = store_on(tmp_path)
        await furnish(stage)
        await stage.ask(RotateKeys())
        async with stage.database.read() as tx:
            tmk = (await rows.held(tx, 1, SLOT))["tmk"]
        await second.check(tmk, SLOT)
        fresh = await second.take_working_key(tmk, SLOT, "mak", delivered(MAK), des.check_value(MAK))
        assert fresh.master_key_id == tmk.master_key_id

    play(platform_url, tmp_path, story)


def test_a_key_that_was_wrapped_too_late_is_not_stored(platform_url: str, tmp_path: Path) -> None:
    """Wrapped under the master key before, written when that is gone: nobody could ever open it."""

    async def story(stage: Stage) -> None:
        await furnish(stage)
        async with stage.database.read() as tx:
            tmk = (await rows.held(tx, 1, SLOT))["tmk"]
        late = await working(stage, tmk, MAK)
        component = await stage.store.reseal((await _waiting(stage))[0], WAITING)
        await stage.ask(RotateKeys())
        with pytest.raises(MasterKeyNotInUse):
            async with stage.database.transaction() as tx:
                await rows.put_working_keys(tx, 1, SLOT, tmk, [late], Loaded(stage.clock.now(), "session"))
        with pytest.raises(MasterKeyNotInUse):
            async with stage.database.transaction() as tx:
                await rows.enter(tx, 1, OTHER, component, "clara", stage.clock.now())

    play(platform_url, tmp_path, story)


async def _waiting(stage: Stage) -> list[Any]:
    async with stage.database.read() as tx:
        return [each.component for each in await rows.components(tx, 1, WAITING, stage.clock.now())]


def test_who_gives_the_master_key_gives_the_new_one(platform_url: str, tmp_path: Path) -> None:
    old, new = bytes(range(32)), bytes(range(1, 33))

    async def alone(stage: Stage) -> None:
        await furnish(stage)
        with pytest.raises(NoNewMasterKey):
            await stage.ask(RotateKeys())

    async def both(stage: Stage) -> None:
        with pytest.raises(MasterKeyNotInUse):
            await stage.load(1, FIRST, "anna", WAITING)
        done = await stage.ask(RotateKeys())
        assert done.in_use == [done.master_key_id]
        await all_is_well(stage)

    async def lost(stage: Stage) -> None:
        async with stage.database.read() as tx:
            tmk = (await rows.held(tx, 1, SLOT))["tmk"]
        with pytest.raises(KeyDoesNotOpen):
            await stage.store.check(tmk, SLOT)
        with pytest.raises(KeyDoesNotOpen):
            await stage.ask(RotateKeys())
        assert len((await stage.ask(KeyStatus())).in_use) == 1

    play(platform_url, tmp_path, alone, master_keys={1: bytearray(old)})
    play(platform_url, tmp_path, both, master_keys={1: bytearray(old), 2: bytearray(new)})
    play(platform_url, tmp_path, lost, master_keys={1: bytearray(old)})
    assert list(tmp_path.iterdir()) == []


# ---- kill -9


class Reaper:
    """Ends this process at the so-manieth of the instants at which something lasting may just have happened, or not."""

    def __init__(self, at: int, folder: Path) -> None:
        self._left = at
        self._folder = str(folder)

    def point(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """From here on: each call of the store and of the database, and each change of the folder."""
        for where in (SoftwareKeyStore, rows):
            for name, each in list(vars(where).items()):
                if inspect.iscoroutinefunction(each) and not name.startswith("_") and name != "stop":
                    setattr(where, name, self._around(each))
        sys.addaudithook(self._heard)

    def _around(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def around(*args: Any, **more: Any) -> Any:
            self.point()
            answer = await call(*args, **more)
            self.point()
            return answer

        return around

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        if event in ("os.link", "os.rename", "os.remove") and self._folder in str(args[0]):
            self.point()


def rotate_and_die(url: str, folder: Path, at: int) -> None:
    """In a process of its own."""

    async def story(stage: Stage) -> None:
        Reaper(at, folder).watch()
        await stage.ask(RotateKeys())

    play(url, folder, story)


def test_a_rotation_that_is_killed_goes_on(platform_url: str, tmp_path: Path) -> None:
    async def go_on(stage: Stage) -> None:
        done = await stage.ask(RotateKeys())
        assert done.in_use == [done.master_key_id]
        await all_is_well(stage)

    play(platform_url, tmp_path, furnish)
    killed, most = 0, 200
    for at in range(1, most):
        (before,) = numbers(tmp_path)
        process = _FORK.Process(target=rotate_and_die, args=(platform_url, tmp_path, at))
        process.start()
        process.join(60)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        killed += 1
        ended = numbers(tmp_path) == [before + 1]
        play(platform_url, tmp_path, go_on)
        assert numbers(tmp_path) == [before + (2 if ended else 1)]
    assert 20 < killed < most - 1
