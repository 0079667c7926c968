"""How an interface asks: a typed request in, a typed reply or an error of the tree out."""

from dataclasses import dataclass
from datetime import timedelta
from random import getrandbits
from typing import Any, Generic, Protocol, TypeVar, cast

import msgspec

from yinyi.bus.envelope import Credentials, ReplyEnvelope, RequestEnvelope, SessionView
from yinyi.bus.operation import Operation, OperationSpec, spec_of
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import error_named

R = TypeVar("R")

ANONYMOUS = Credentials()


class Requests(Protocol):
    """The wire under the client: NATS, or the dispatcher of the same process in tests and benches."""

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        """
        Raises:
            PlatformUnavailable: nobody is there, or the bus is away.
            DeadlineExceeded: no answer in time.
        """
        ...


@dataclass(frozen=True)
class Answered(Generic[R]):
    """A reply, and whose session travelled with the request."""

    reply: R
    session: SessionView | None


class BusClient:
    """One interface's way to the business layer. ``account`` is its name on the bus."""

    def __init__(self, requests: Requests, account: str, clock: Clock, timeout_s: float = 8.0) -> None:
        self._requests = requests
        self._account = account
        self._clock = clock
        self._timeout_s = timeout_s

    async def ask(
        self,
        message: Operation[R],
        *,
        credentials: Credentials = ANONYMOUS,
        key: str = "",
        language: str = "zh-CN",
        timeout_s: float | None = None,
        correlation_id: str = "",
        place: str | None = None,
    ) -> Answered[R]:
        """
        Raises:
            YinyiError: whatever the operation ended in.
        """
        spec = spec_of(cast(Any, type(message)))
        within_s = timeout_s or self._timeout_s
        envelope = RequestEnvelope(
            correlation_id=correlation_id or f"{getrandbits(128):032x}",
            deadline=self._clock.now() + timedelta(seconds=within_s),
            body=msgspec.Raw(msgspec.json.encode(message)),
            credentials=credentials,
            key=key,
            language=language,
            place=place,
        )
        reply = await self._asked(spec, envelope, within_s)
        if reply.failure is not None:
            raise error_named(reply.failure.code)(reply.failure.detail)
        return Answered(cast(R, msgspec.json.decode(reply.body, type=spec.reply)), reply.session)

    async def pass_on(
        self, spec: OperationSpec, body: bytes, credentials: Credentials, key: str, language: str, correlation_id: str
    ) -> ReplyEnvelope:
        """A request as it came, and its reply as it is: for those who have neither to read.

        Raises:
            PlatformUnavailable, DeadlineExceeded: see ``Requests``.
        """
        envelope = RequestEnvelope(
            correlation_id=correlation_id,
            deadline=self._clock.now() + timedelta(seconds=self._timeout_s),
            body=msgspec.Raw(body),
            credentials=credentials,
            key=key,
            language=language,
        )
        return await self._asked(spec, envelope, self._timeout_s)

    async def _asked(self, spec: OperationSpec, envelope: RequestEnvelope, within_s: float) -> ReplyEnvelope:
        data = await self._requests.request(spec.subject(self._account), msgspec.json.encode(envelope), within_s)
        return msgspec.json.decode(data, type=ReplyEnvelope)
