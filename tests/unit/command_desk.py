"""Where a command of staff asks, in a test: what it has asked, as whom, and what it is answered."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest

from yinyi.app.person import NOBODY, Person
from yinyi.bus.operation import Operation


class Desk:
    """``command``: the module of it. A reply that is an exception is raised."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, command: ModuleType, *replies: Any) -> None:
        self.asked: list[Operation[Any]] = []
        self.names: list[str] = []
        self.people: list[Person] = []
        self._replies = list(replies)
        monkeypatch.setattr(command, "as_staff", self._staff)
        monkeypatch.setattr(command, "set_up_logs", str)

    @asynccontextmanager
    async def _staff(self, settings: Any, name: str) -> AsyncGenerator["Desk"]:
        self.names.append(name)
        yield self

    async def ask(self, message: Operation[Any], by: Person = NOBODY, **how: Any) -> Any:
        self.asked.append(message)
        self.people.append(by)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply
