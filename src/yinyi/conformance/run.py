"""A connector goes through the script of its kind, and what was seen of each behaviour is told."""

import asyncio
import linecache
import traceback
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal, Protocol

import msgspec

from yinyi.conformance.behaviour import Behaviour, NotTried

Verdict = Literal["ok", "not", "not offered", "not tried"]
"""``not offered``: the connector does not implement the port. ``not tried``: its sandbox has not what it takes."""
_LONGEST_S = 120.0
_LONGEST_WORDS = 300


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """``seen``: what was seen instead, or what is missing."""

    behaviour: str
    ports: tuple[str, ...]
    verdict: Verdict
    seen: str = ""


class Stage(Protocol):
    async def calm(self) -> None:
        """Nothing goes wrong any more."""
        ...


async def played(behaviours: Sequence[Behaviour], connector: object, stage: Stage) -> AsyncGenerator[Finding]:
    """One after the other."""
    for each in behaviours:
        verdict, seen = await _tried(each, connector, stage)
        await stage.calm()
        ports = tuple(port.__name__ for port in each.ports)
        yield Finding(behaviour=each.name, ports=ports, verdict=verdict, seen=seen[:_LONGEST_WORDS])


async def _tried(behaviour: Behaviour, connector: object, stage: Any) -> tuple[Verdict, str]:
    if not behaviour.offered_by(connector):
        missing = [port.__name__ for port in behaviour.ports if not isinstance(connector, port)]
        return "not offered", f"no {', '.join(missing)}"
    try:
        async with asyncio.timeout(_LONGEST_S):
            await behaviour.play(stage)
    except NotTried as why:
        return "not tried", str(why)
    except AssertionError as error:
        return "not", str(error) or f"it does not hold that {_said(error)}"
    except TimeoutError:
        return "not", f"it does not end within {_LONGEST_S:g} s"
    except Exception as error:
        return "not", f"{type(error).__name__}: {error}"
    return "ok", ""


def _said(error: AssertionError) -> str:
    """The line that asserts it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return linecache.getline(frame.filename, frame.lineno or 0).strip().removeprefix("assert ")
