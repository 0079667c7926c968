"""Reads that do not depend on each other."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar, overload

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


@overload
async def alongside(first: Awaitable[A], second: Awaitable[B], /) -> tuple[A, B]: ...
@overload
async def alongside(first: Awaitable[A], second: Awaitable[B], third: Awaitable[C], /) -> tuple[A, B, C]: ...
async def alongside(*reads: Awaitable[Any]) -> tuple[Any, ...]:
    """What all of them answer, in their order; they are on their way at the same time.

    Raises:
        Exception: whatever the first to fail has raised; the others are let go.
    """
    tasks = [asyncio.ensure_future(each) for each in reads]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
