"""The demo desk's eyes: open only while somebody looks, and never blinded by a part that fails."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import msgspec
import pytest

from yinyi_sandbox.demo.watch import MOST, TooMany, Watch

Run = Callable[[Coroutine[Any, Any, None]], None]


class Parts:
    """One part that counts, one that fails."""

    def __init__(self) -> None:
        self.looked = 0
        self.value = "quiet"

    async def well(self) -> str:
        self.looked += 1
        return self.value

    async def ill(self) -> str:
        raise ConnectionError


async def _next(stream: AsyncGenerator[bytes]) -> dict[str, Any]:
    async with asyncio.timeout(20):
        async for chunk in stream:
            if chunk.startswith(b"data: "):
                return msgspec.json.decode(chunk.removeprefix(b"data: "))
    raise AssertionError("the stream ended")


def test_it_tells_what_changed_at_once_and_looks_at_nothing_for_nobody(run: Run) -> None:
    async def story() -> None:
        parts = Parts()
        watch = Watch({"well": (1, parts.well), "ill": (1, parts.ill)})
        assert parts.looked == 0
        stream = watch.stream()
        assert await _next(stream) == {"well": "quiet", "ill": None}
        parts.value = "loud"
        watch.hurry()
        assert await _next(stream) == {"well": "loud", "ill": None}
        late = watch.stream()
        assert await _next(late) == {"well": "loud", "ill": None}
        await stream.aclose()
        await late.aclose()
        await watch.stop()
        looked = parts.looked
        watch.hurry()
        await asyncio.sleep(0)
        assert parts.looked == looked

    run(story())


def test_there_is_a_limit_to_how_many_look(run: Run) -> None:
    async def story() -> None:
        parts = Parts()
        watch = Watch({"well": (1, parts.well)})
        streams = [watch.stream() for _ in range(MOST)]
        for stream in streams:
            await _next(stream)
        with pytest.raises(TooMany):
            watch.stream()
        await streams.pop().aclose()
        streams.append(watch.stream())
        await _next(streams[-1])
        for stream in streams:
            await stream.aclose()
        await watch.stop()

    run(story())
