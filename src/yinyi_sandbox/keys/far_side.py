"""The far side of a key store that is a program on this machine: there is none but its folder."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import SimpleNamespace

from yinyi.kernel.far_side import Place


@asynccontextmanager
async def far_side(place: Place) -> AsyncGenerator[SimpleNamespace]:
    yield SimpleNamespace(settings={})
