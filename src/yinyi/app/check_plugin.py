"""A connector before its sandbox: the conformance kit of its kind, played."""

import asyncio
import contextlib
import shutil
import sys
import tempfile
import tomllib
from collections.abc import AsyncGenerator, Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import msgspec

from yinyi.app.embedded.folder import MIB, memory_folder
from yinyi.app.embedded.postgres import FAST_AND_FORGETFUL, EmbeddedPostgres
from yinyi.app.errors import CannotStart
from yinyi.app.plugin_source import BEHAVIOUR, SANDBOXES, dialling
from yinyi.app.plugins import GROUP, find_plugin, started_once, whole
from yinyi.conformance.kits import KITS
from yinyi.conformance.place import Databases, Ground, ground
from yinyi.conformance.run import Finding, played
from yinyi.kernel.far_side import FarDatabase
from yinyi.kernel.plugin import Plugin, Surroundings

_ROLE = "platform"
_ROOM = 1024 * MIB


def find_sandbox(name: str) -> Callable[..., Any]:
    """
    Raises:
        CannotStart: there is none, or it cannot be loaded.
    """
    found = [each for each in entry_points(group=SANDBOXES) if each.name == name]
    if not found:
        raise CannotStart(
            f"The connector {name} has no sandbox: its package names one in the entry-point group {SANDBOXES}."
        )
    try:
        return found[0].load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise CannotStart(f"The sandbox of {name} cannot be loaded ({type(error).__name__}: {error}).") from error


async def checked(name: str, only: str = "") -> AsyncGenerator[Finding]:
    """What was seen of each behaviour; ``only``: of those whose name has these words.

    Raises:
        CannotStart: there is no such connector, sandbox or kit, or they do not fit.
    """
    if not __debug__:
        raise CannotStart("The kit asserts what it expects; Python leaves that out with -O or PYTHONOPTIMIZE.")
    plugin, sandbox = find_plugin(name), find_sandbox(name)
    kit = KITS.get(plugin.kind)
    if kit is None:
        raise CannotStart(f"There is no kit for {plugin.kind} connectors; there are kits for {', '.join(KITS)}.")
    behaviours = [each for each in kit.behaviours() if only in each.name]
    async with _stage(plugin, sandbox) as (connector, stage):
        if only in BEHAVIOUR:
            yield dialling(plugin)
        async for each in played(behaviours, connector, stage):
            yield each


@contextlib.asynccontextmanager
async def _stage(plugin: Plugin, sandbox: Callable[..., Any]) -> AsyncGenerator[tuple[Any, Any]]:
    kit = KITS[plugin.kind]
    async with contextlib.AsyncExitStack() as ends:
        folder = Path(tempfile.mkdtemp(prefix="yinyi-check-", dir=memory_folder(_ROOM)))
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "sandbox").mkdir()
        place = await ends.enter_async_context(ground(folder / "sandbox", _databases(folder, ends)))
        try:
            far = await ends.enter_async_context(sandbox(place))
            await _fit(plugin, far, place)
            on_stage = await ends.enter_async_context(kit.on_stage(plugin, far, place))
        except (ValueError, TypeError, OSError) as error:
            raise CannotStart(f"{plugin.name} and its sandbox do not come together: {error}.") from error
        yield on_stage


async def _fit(plugin: Plugin, far: Any, place: Ground) -> None:
    """
    Raises:
        CannotStart: a business process would not take it, in the same words.
        ValueError: the sandbox has other settings than it takes.
    """
    secrets = place.folder / "tried"
    secrets.mkdir(mode=0o700)
    around = Surroundings(clock=place.clock, callback_url=place.callback_url, secrets=secrets)
    named = {"name": plugin.name} if plugin.kind == "device" else {}
    connector = whole(plugin, msgspec.convert({**far.settings, **named}, plugin.config), around)
    await started_once(plugin.name, connector)


def _databases(folder: Path, ends: contextlib.AsyncExitStack) -> Databases:
    async def made() -> FarDatabase:
        server = EmbeddedPostgres(folder / "postgres", tuning=FAST_AND_FORGETFUL)
        ends.callback(server.stop)
        server.start()  # in this thread, for it ends with it
        server.create_role(_ROLE)
        server.create_database("sandbox", owner="hospital")
        return FarDatabase(server.url("sandbox", "hospital"), _ROLE, server.password(_ROLE))

    return made


def as_if_installed(folder: Path, scratch: Path) -> str:
    """What the project in this folder declares is found from now on as if it were installed, and so is its code.
    The name of its one connector, or "".

    Raises:
        CannotStart: there is no project with a connector in it.
    """
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        groups: dict[str, dict[str, str]] = project["entry-points"]
        name: str = project["name"]
        connectors = list(groups[GROUP])
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise CannotStart(f"{folder} holds no connector: pyproject.toml, {error}.") from error
    said = scratch / f"{name.replace('-', '_')}-0.dist-info"
    said.mkdir(parents=True)
    (said / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0\n", encoding="utf-8")
    lines = [
        f"[{group}]\n" + "".join(f"{one} = {value}\n" for one, value in rows.items()) for group, rows in groups.items()
    ]
    (said / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    sources = folder / "src"
    sys.path[:0] = [str(sources if sources.is_dir() else folder), str(scratch)]
    return connectors[0] if len(connectors) == 1 else ""


def shortcomings(name: str) -> list[str]:
    """For a connector's own tests: what it does not keep, in words.

    Raises:
        CannotStart: see ``checked``.
    """

    async def go() -> list[str]:
        return [f"{each.behaviour}: {each.seen}" async for each in checked(name) if each.verdict == "not"]

    return asyncio.run(go())
