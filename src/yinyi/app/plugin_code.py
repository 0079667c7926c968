"""The code of connectors is run so that whatever it does becomes one sentence that names the connector."""

import asyncio
import re
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from yinyi.app.errors import CannotStart

T = TypeVar("T")

START_WITHIN_S = 10.0
"""So long may ``start`` of a connector take. It begins what goes on by itself, and waits for no far side."""
_OURS = re.compile(rf"importlib|{re.escape(__file__)}|yinyi/app/plugin")
"""What stands between us and the code of a connector."""


def guarded(name: str, run: Callable[[], T]) -> T:
    """What its code answers.

    Raises:
        CannotStart: it raises something, be it an exit.
    """
    try:
        return run()
    except (CannotStart, KeyboardInterrupt):
        raise
    except ValueError as error:
        raise CannotStart(f"The connector {name} cannot be used: {error}.") from error
    except BaseException as error:
        raise _fails(name, error) from error


async def begin(stack: AsyncExitStack, name: str, connector: Any) -> None:
    """A connector may have ``start`` and ``stop``; the latter is called when the stack ends.

    Raises:
        CannotStart: its ``start`` fails, or has not come back in time.
    """
    if (start := getattr(connector, "start", None)) is not None:
        await _started(name, start)
    if (stop := getattr(connector, "stop", None)) is not None:
        stack.push_async_callback(stop)


async def _started(name: str, start: Callable[[], Awaitable[None]]) -> None:
    """In a task that is left where it does not even hear that it is cancelled."""
    task = asyncio.ensure_future(_ended_in(start))
    try:
        await asyncio.wait({task}, timeout=START_WITHIN_S)
    finally:
        is_late = not task.done()
        task.cancel()
    if is_late:
        raise CannotStart(f"The connector {name} cannot be used: its start has not come back in {START_WITHIN_S:g} s.")
    if error := asyncio.CancelledError() if task.cancelled() else task.result():
        raise _fails(name, error) from error


async def _ended_in(start: Callable[[], Awaitable[None]]) -> BaseException | None:
    """An exit that is raised in a task would end the loop, so nothing is."""
    try:
        await start()
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        return error
    return None


def _fails(name: str, error: BaseException) -> CannotStart:
    """Without what it says: that may quote a secret."""
    return CannotStart(
        f"The connector {name} cannot be used: its code fails with {type(error).__name__}{place_of(error)}."
    )


def place_of(error: BaseException) -> str:
    """Where in its code it was raised: ``, at acme/plugin.py:12``."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if not _OURS.search(each.filename)]
    return f", at {'/'.join(Path(frames[-1].filename).parts[-2:])}:{frames[-1].lineno}" if frames else ""
