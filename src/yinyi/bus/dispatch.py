"""From the bytes of a request to the bytes of its reply: verify, decode, run, answer. The one edge where work commits.

A handler is given a transaction **or** ports to the outside, never both at once:

- ``reads``: ``(tx, call, message) -> reply``, statements that change nothing; see ``Looks.any``
- ``asks``: ``(call, message) -> reply``, ports to the outside
- ``changes``: ``prepare`` (ports) → ``make`` (one transaction, answers what was made) → ``settle`` (ports) → ``show``
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import structlog

from yinyi.bus import idempotency
from yinyi.bus.call import Call, Principal
from yinyi.bus.database import AWAY, Database, Tx
from yinyi.bus.envelope import Failure, ReplyEnvelope, RequestEnvelope
from yinyi.bus.forgetting import Forgetting, whose
from yinyi.bus.lately import Lately
from yinyi.bus.looks import Looks
from yinyi.bus.operation import Caller, Operation, OperationSpec, called_by, spec_at, spec_of
from yinyi.bus.outbox import Offered, collecting
from yinyi.bus.places import Places, asking_of, hold_s
from yinyi.bus.together import Together
from yinyi.bus.work import work_on
from yinyi.kernel.asking import Asking, asking_for
from yinyi.kernel.clock import Clock, is_in_reach
from yinyi.kernel.errors import (
    DeadlineExceeded,
    InLine,
    InternalError,
    Invalid,
    InvalidField,
    NotAllowed,
    PersonUnproven,
    PlatformUnavailable,
    ServiceClosed,
    SessionEnded,
    YinyiError,
)

log = structlog.get_logger()

M = TypeVar("M", bound=Operation[Any])
F = TypeVar("F")

MAX_REQUEST_BYTES = 256 * 1024
NUL = b"\\u0000"
"""As JSON writes it, and nobody means it; PostgreSQL keeps no text with one."""

Run = Callable[[Call, Any, bytes], Awaitable[Any]]
Seals = Callable[[RequestEnvelope, Principal, ReplyEnvelope], Awaitable[ReplyEnvelope]]


class Verifies(Protocol):
    """Turns what a caller shows into who he is."""

    async def verify(self, caller: Caller, envelope: RequestEnvelope, spec: OperationSpec) -> Principal:
        """
        Raises:
            NotAllowed: the credential is missing, unknown, ended, or not of this kind.
        """
        ...


@dataclass(frozen=True)
class Change(Generic[M, F]):
    """How a change runs. ``make`` answers the subject (a number or an id) that ``show`` shows, now and on replay."""

    make: Callable[[Tx, Call, M, F], Awaitable[str]]
    show: Callable[[Tx, Call, str], Awaitable[Any]]
    prepare: Callable[[Call, M], Awaitable[F]] | None = None
    settle: Callable[[Call, str], Awaitable[Any | None]] | None = None
    """Waits for what follows the commit; a reply that it knows already need not be shown again."""
    only_reads: bool = False
    """``prepare`` changes nothing outside: whether the key was used before is found out by the change itself."""


class Dispatcher:
    """The handlers of one business process, and the way into them."""

    def __init__(
        self,
        database: Database,
        verifier: Verifies,
        clock: Clock,
        *,
        at_once: int = 64,
        waiting: int = 512,
        committed: Callable[[list[Offered]], None] = lambda _: None,
        audit: str = "",
        together: Together | None = None,
        offered: Callable[[Call, str], Awaitable[None]] | None = None,
        seals: Seals | None = None,
        looks_kept_s: float = 0.0,
        forgetting: Forgetting | None = None,
    ) -> None:
        """``committed`` is given the events of every change, so that they leave at once. ``audit`` adds the line
        about a change to the audit log; see ``bus.work.work_on``. ``together``: where others of this process write.
        ``offered`` raises ``ServiceClosed`` where a terminal has not this service just now. ``seals`` is given every
        reply to whoever was verified. ``looks_kept_s``: see ``bus.lately``. ``forgetting``: told of everybody who has
        changed something; whoever registers handlers and keeps something of patients says so there."""
        self._database = database
        self._together = together or Together(database)
        self._looks = Looks(database)
        self._verifier = verifier
        self._offered = offered
        self._seals = seals
        self.forgetting = forgetting or Forgetting()
        self._lately = Lately(looks_kept_s)
        self.forgetting.keep(self._lately.forget)
        self._only_looked_at: set[str] = set()
        self._clock = clock
        self._handlers: dict[str, Run] = {}
        self._places = Places(at_once, waiting, self._together)
        self._committed = committed
        self._audit = audit

    # -- registration

    def reads(self, request: type[M], handler: Callable[[Tx, Call, M], Awaitable[Any]]) -> None:
        async def run(call: Call, message: M, body: bytes) -> Any:
            return await handler(self._looks.any(), call, message)

        self._register(request, run)

    def asks(self, request: type[M], handler: Callable[[Call, M], Awaitable[Any]]) -> None:
        async def run(call: Call, message: M, body: bytes) -> Any:
            return await handler(call, message)

        self._register(request, run)

    def looks(self, request: type[M], handler: Callable[[Call, M], Awaitable[Any]]) -> None:
        """As ``asks``; the answer may be some seconds old: see ``bus.lately``."""
        spec = spec_of(request)
        if spec.changes:
            raise ValueError(f"{spec.path} changes something")
        self.asks(request, handler)
        self._only_looked_at.add(spec.path)

    def changes(self, request: type[M], change: Change[M, Any]) -> None:
        spec = spec_of(request)

        async def run(call: Call, message: M, body: bytes) -> Any:
            return await self._change(spec, change, call, message, body)

        self._register(request, run)

    def _register(self, request: type[Operation[Any]], run: Run) -> None:
        path = spec_of(request).path
        if path in self._handlers:
            raise ValueError(f"{path} has a handler already")
        self._handlers[path] = run

    @property
    def handled(self) -> frozenset[str]:
        return frozenset(self._handlers)

    # -- one request

    async def answer(self, subject: str, data: bytes) -> bytes:
        """The bytes that go back. Never raises."""
        correlation_id = ""
        envelope: RequestEnvelope | None = None
        principal: Principal | None = None
        try:
            spec, caller, vouches = _addressed(subject)
            envelope = _opened(data)
            if envelope.credentials.certificate and not vouches:
                raise NotAllowed("whoever says so ends no TLS")
            correlation_id = envelope.correlation_id
            principal = await self._verifier.verify(caller, envelope, spec)
            body = await self._limited(spec, principal, envelope)
            session = principal.session
            reply = ReplyEnvelope(correlation_id=correlation_id, body=msgspec.Raw(body), session=session)
        except YinyiError as error:
            reply = _failed(correlation_id, error, principal)
        except TimeoutError:
            reply = _failed(correlation_id, DeadlineExceeded(), principal)
        except AWAY as error:
            log.error(
                "dispatch.database_away", subject=subject, correlation_id=correlation_id, why=type(error).__name__
            )
            reply = _failed(correlation_id, PlatformUnavailable("database"), principal)
        except Exception:
            log.exception("dispatch.failed", subject=subject, correlation_id=correlation_id)
            reply = _failed(correlation_id, InternalError(), principal)
        if self._seals is not None and envelope is not None and principal is not None:
            reply = await self._sealed(self._seals, envelope, principal, reply)
        return msgspec.json.encode(reply)

    async def _sealed(
        self, seals: Seals, envelope: RequestEnvelope, principal: Principal, reply: ReplyEnvelope
    ) -> ReplyEnvelope:
        try:
            return await seals(envelope, principal, reply)
        except Exception:
            log.exception("dispatch.unsealed", correlation_id=envelope.correlation_id)
            return _failed(envelope.correlation_id, InternalError(), principal)

    async def _limited(self, spec: OperationSpec, principal: Principal, envelope: RequestEnvelope) -> bytes:
        now = self._clock.now()
        left_s = (envelope.deadline - now).total_seconds()
        if left_s <= 0:
            raise DeadlineExceeded
        self._places.come(envelope, now)
        try:
            async with asyncio.timeout(left_s):
                place = await self._places.take(envelope, now)
                whom = asking_of(spec, principal, envelope, now, place.leave)
                whom.hold_s = hold_s(envelope, self._clock.now())
                with place, asking_for(whom):
                    return await self._answered(spec, principal, envelope, whom)
        finally:
            self._places.go()

    async def _answered(
        self, spec: OperationSpec, principal: Principal, envelope: RequestEnvelope, whom: Asking
    ) -> bytes:
        call = Call(
            principal=principal,
            now=self._clock.now(),
            deadline=envelope.deadline,
            correlation_id=envelope.correlation_id,
            language=envelope.language,
            key=envelope.key,
        )
        try:
            return await self._run(spec, call, bytes(envelope.body))
        except InLine as error:
            raise InLine.at(error.told._replace(ticket=f"{whom.since:.2f}")) from None

    async def _run(self, spec: OperationSpec, call: Call, body: bytes) -> bytes:
        handler = self._handlers.get(spec.path)
        if handler is None:
            raise Invalid(f"nobody handles {spec.path}")
        if spec.needs_patient and not call.principal.patient_id:
            raise SessionEnded
        opened_by = call.principal.opened_by.partition(":")[0]
        if spec.needs_patient and opened_by and opened_by not in spec.opened_by:
            raise SessionEnded(f"opened by a {opened_by}")
        if spec.by_person and not call.principal.person:
            raise PersonUnproven("nobody has said who asks")
        message = _decoded(spec, body)
        if spec.changes:
            idempotency.check_key(call)
        if spec.service and self._offered is not None and call.principal.caller is Caller.KIOSK:
            await self._admit(spec, self._offered, call, body)

        async def answer() -> bytes:
            return msgspec.json.encode(await handler(call, message, body))

        if spec.path in self._only_looked_at:
            return await self._lately.answer(call, spec.path, body, answer)
        try:
            return await answer()
        finally:
            if spec.changes:
                self.forgetting.changed(whose(call.principal))

    async def _admit(
        self, spec: OperationSpec, offered: Callable[[Call, str], Awaitable[None]], call: Call, body: bytes
    ) -> None:
        """What was begun while it was open is answered for, however late it is asked again."""
        try:
            await offered(call, spec.service)
        except ServiceClosed:
            if not spec.changes or await self._known(spec, call, body) is None:
                raise

    async def _change(self, spec: OperationSpec, change: Change[M, Any], call: Call, message: M, body: bytes) -> Any:
        first = change.prepare is not None and not change.only_reads
        subject = await self._known(spec, call, body) if first else None
        if subject is None:
            subject = await self._make(spec, change, call, message, body)
        settled = await change.settle(call, subject) if change.settle else None
        if settled is not None:
            return settled
        async with self._database.read() as tx:
            return await change.show(tx, call, subject)

    async def _make(self, spec: OperationSpec, change: Change[M, Any], call: Call, message: M, body: bytes) -> str:
        try:
            facts = await change.prepare(call, message) if change.prepare else None
            record = idempotency.record_of(call, spec, body)
            with collecting() as events:
                async with work_on(self._together, record, self._audit) as work:
                    subject = await change.make(work, call, message, facts)
                    await work.finish(subject)
            self._committed(events)
            return subject
        except Exception:  # the same request, committed before or meanwhile, may be why
            call.notes.clear()
            subject = await self._known(spec, call, body)
            if subject is None:
                raise
            return subject

    async def _known(self, spec: OperationSpec, call: Call, body: bytes) -> str | None:
        async with self._database.read() as tx:
            return await idempotency.known(tx, call, spec, body)


def _addressed(subject: str) -> tuple[OperationSpec, Caller, bool]:
    """``op.kiosk.scheduling.ListDepartments.v1``. The bus guarantees that only the kiosk's account says ``kiosk``.
    Last: whether it may say whose certificate was shown."""
    head, _, rest = subject.partition(".")
    account, _, path = rest.partition(".")
    spec = spec_at(path) if head == "op" else None
    if spec is None:
        raise Invalid(f"no operation at {subject}")
    with contextlib.suppress(ValueError):
        caller, vouches = called_by(account)
        if caller in spec.callers:
            return spec, caller, vouches
    raise NotAllowed(f"{account} may not call {path}")


def _opened(data: bytes) -> RequestEnvelope:
    if len(data) > MAX_REQUEST_BYTES:
        raise Invalid("larger than 256 KiB")
    try:
        return msgspec.json.decode(data, type=RequestEnvelope)
    except (msgspec.MsgspecError, RecursionError):
        raise Invalid("not an envelope") from None


def _failed(correlation_id: str, error: YinyiError, principal: Principal | None) -> ReplyEnvelope:
    return ReplyEnvelope(
        correlation_id=correlation_id,
        failure=Failure(code=error.code(), detail=error.detail),
        session=principal.session if principal else None,
    )


def _decoded(spec: OperationSpec, body: bytes) -> Operation[Any]:
    if NUL in body:
        raise InvalidField("a text with a NUL in it")
    try:
        message = msgspec.json.decode(body, type=spec.request)
    except msgspec.ValidationError as error:
        raise InvalidField(str(error)) from None
    except (msgspec.DecodeError, RecursionError):
        raise Invalid("not JSON") from None
    if not all(is_in_reach(each) for each in msgspec.structs.astuple(message) if isinstance(each, date)):
        raise InvalidField("a day or an instant that is out of reach")
    return message
