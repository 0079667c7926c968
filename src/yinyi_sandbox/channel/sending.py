"""Sends callbacks until they are accepted, on a channel's ladder of waits, with the faults that were asked for."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import httpx
import msgspec
import structlog

from yinyi.kernel.clock import Clock
from yinyi_sandbox.channel.faults import Mishap

ANSWER_WITHIN_S = 5.0
_AT_ONCE = 32

_log = structlog.get_logger()


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A callback to be sent. ``due_at``: seconds since 1970. ``tries``: how often it was sent in vain."""

    id: str
    notify_url: str
    due_at: float
    tries: int = 0


E = TypeVar("E", bound=Due)


class Pending(Protocol[E]):
    """Where callbacks wait."""

    def events_due(self, before: float, limit: int) -> list[E]: ...
    def next_event_at(self) -> float | None: ...
    def put_event(self, event: E) -> None: ...
    def drop_event(self, event_id: str) -> None: ...


class Sender(ABC, Generic[E]):
    """A channel's subclass says in ``_post`` what is sent and whether the answer accepts it.

    At most ``_AT_ONCE`` are under way. ladder_s: waits between attempts, by the channel's clock.
    next_fault: the one that hits the next callback.
    """

    def __init__(
        self, pending: Pending[E], next_fault: Callable[[], Mishap | None], clock: Clock, ladder_s: tuple[float, ...]
    ) -> None:
        self._pending = pending
        self._next_fault = next_fault
        self._clock = clock
        self._ladder_s = ladder_s
        self._woken = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._line = httpx.AsyncClient(timeout=ANSWER_WITHIN_S, trust_env=False, follow_redirects=False)
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._runner = asyncio.create_task(self._run(), name=type(self).__module__)

    async def stop(self) -> None:
        tasks = [task for task in (self._runner, *self._sending) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._line.aclose()

    def wake(self) -> None:
        """Something new may be due."""
        self._woken.set()

    async def send_now(self) -> None:
        """Sends what is due, and waits until it was tried."""
        self._begin_due()
        await asyncio.gather(*self._sending, return_exceptions=True)

    @abstractmethod
    async def _post(self, event: E, fault: str) -> bool:
        """Whether it was accepted."""

    async def _answer_to(self, event: E, body: bytes, headers: dict[str, str]) -> httpx.Response | None:
        """The answer to a callback; None: nobody answered."""
        try:
            return await self._line.post(event.notify_url, content=body, headers=headers)
        except httpx.HTTPError as error:
            _log.info("callback_failed", event_id=event.id, error=type(error).__name__)
            return None

    def _now(self) -> float:
        return self._clock.now().timestamp()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            self._begin_due()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._until_next_s()):
                    await self._woken.wait()

    def _until_next_s(self) -> float | None:
        """Until something is due; None while nothing waits, or all who send are busy: whoever ends wakes us."""
        due_at = self._pending.next_event_at()
        if due_at is None or len(self._sending) >= _AT_ONCE:
            return None
        return max(due_at - self._now(), 0.0)

    def _begin_due(self) -> None:
        """What is begun is put off in the store at once, so that a crash repeats it and nothing else does."""
        now = self._now()
        for event in self._pending.events_due(now, _AT_ONCE - len(self._sending)):
            self._pending.put_event(msgspec.structs.replace(event, due_at=now + 2 * ANSWER_WITHIN_S))
            task = asyncio.create_task(self._attempt(event, self._next_fault()))
            self._sending.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._woken.set()
        if not task.cancelled() and (error := task.exception()):
            _log.error("callback_broke", error=repr(error))

    async def _attempt(self, event: E, fault: Mishap | None) -> None:
        kind = fault.kind if fault else ""
        if kind == "withheld":
            self._pending.drop_event(event.id)
        elif fault and kind == "delayed":
            self._pending.put_event(msgspec.structs.replace(event, due_at=self._now() + fault.ms / 1_000))
        elif await self._post(event, kind):
            if kind == "duplicated":
                await self._post(event, "")
            self._pending.drop_event(event.id)
        elif event.tries < len(self._ladder_s):
            due_at = self._now() + self._ladder_s[event.tries]
            self._pending.put_event(msgspec.structs.replace(event, due_at=due_at, tries=event.tries + 1))
        else:
            self._pending.drop_event(event.id)
