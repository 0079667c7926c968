"""What every long-running process of ours does alike: a fast event loop, quiet logs, gone when asked."""

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import uvloop

from yinyi.app.logs import set_up_logs
from yinyi.kernel.ready import is_ready


def serve(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]], log_level: str) -> None:
    """Runs ``main(stopping)`` until SIGTERM or SIGINT. ``main`` calls ``tell_ready`` when it serves."""
    set_up_logs(log_level)

    async def until_asked() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        working = asyncio.create_task(main(stopping))
        asked = asyncio.create_task(stopping.wait())
        await asyncio.wait([working, asked], return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not is_ready():
            working.cancel()
        with suppress(asyncio.CancelledError):
            await working

    uvloop.run(until_asked())


def settle_memory() -> None:
    """What was loaded by now stays for ever: the garbage collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
