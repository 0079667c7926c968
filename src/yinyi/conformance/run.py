"""A connector goes through the script of its kind, and what was seen of each behaviour is told."""

import asyncio
import linecache
import traceback
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from yinyi.conformance.advice import advice
from yinyi.conformance.behaviour import Behaviour, NotTried

Verdict = Literal["ok", "not", "not offered", "not tried"]
"""``not offered``: the connector does not implement the port. ``not tried``: its sandbox has not what it takes."""
_SCRIPTS = Path(__file__).parent
_LONGEST_S = 120.0
_LONGEST_WORDS = 300


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """``seen``: what was expected and what was seen instead, or what is missing. ``step``: the statement of the script
    that was not kept. ``advice``: what to do about it."""

    behaviour: str
    ports: tuple[str, ...]
    verdict: Verdict
    seen: str = ""
    step: str = ""
    advice: str = ""


class Stage(Protocol):
    async def calm(self) -> None:
        """Nothing goes wrong any more."""
        ...


async def played(behaviours: Sequence[Behaviour], connector: object, stage: Stage) -> AsyncGenerator[Finding]:
    """One after the other."""
    for each in behaviours:
        verdict, seen, step = await _tried(each, connector, stage)
        await stage.calm()
        yield Finding(
            behaviour=each.name,
            ports=tuple(port.__name__ for port in each.ports),
            verdict=verdict,
            seen=seen[:_LONGEST_WORDS],
            step=step,
            advice=advice(seen, each.ports) if verdict == "not" else "",
        )


async def _tried(behaviour: Behaviour, connector: object, stage: Any) -> tuple[Verdict, str, str]:
    if not behaviour.offered_by(connector):
        missing = [port.__name__ for port in behaviour.ports if not isinstance(connector, port)]
        return "not offered", f"no {', '.join(missing)}", ""
    patience = asyncio.timeout(_LONGEST_S)
    try:
        async with patience:
            await behaviour.play(stage)
    except NotTried as why:
        return "not tried", str(why), ""
    except AssertionError as error:
        return "not", str(error) or f"it does not hold that {_asserted(error)}", _step(error)
    except Exception as error:
        if patience.expired():
            return "not", f"it does not end within {_LONGEST_S:g} s", _step(error)
        return "not", f"{type(error).__name__}: {error} ({_raised(error)})", _step(error)
    return "ok", "", ""


def _asserted(error: AssertionError) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return linecache.getline(frame.filename, frame.lineno or 0).strip().removeprefix("assert ")


def _step(error: Exception) -> str:
    """The statement of the behaviour itself, and where it stands."""
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.parents[1] == _SCRIPTS:
            return f"{path.relative_to(_SCRIPTS.parents[1]).as_posix()}:{frame.lineno}: {frame.line}"
    return ""


def _raised(error: Exception) -> str:
    """Where the connector was entered, and where it ended."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if _SCRIPTS not in Path(each.filename).parents]
    ends = dict.fromkeys(f"{'/'.join(Path(each.filename).parts[-2:])}:{each.lineno}" for each in frames)
    return " … ".join(list(ends)[:1] + list(ends)[1:][-1:])
