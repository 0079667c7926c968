"""From a frame to an operation on the bus, and from its reply to the frame that answers. Nothing is verified here."""

import time
from random import getrandbits

import msgspec
import structlog

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials, ReplyEnvelope, Signed
from yinyi.bus.operation import Caller, OperationSpec
from yinyi.business.institutions.errors import LineEnded
from yinyi.interface.body import TooLarge
from yinyi.interface.metrics import Metrics
from yinyi.interface.problem import OperationUnknown
from yinyi.interface.served import served_operations
from yinyi.interface.socket.errors import NOBODY, unsealed
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import InternalError, Invalid, InvalidField, SignatureRefused, YinyiError, error_named
from yinyi.wire import institution_message as wire
from yinyi.wire.institution_message import Head, NotAMessage, Opened, Sealed

log = structlog.get_logger()

NAME = "socket"
OPENS, CLOSES = "OpenInstitutionLine", "CloseInstitutionLine"
SEALED, PLAIN = 200, 400
"""How an answer is counted: with a seal or without."""


class Asking:
    """One for all lines of an interface."""

    def __init__(self, bus: BusClient, metrics: Metrics, clock: Clock, caller: Caller) -> None:
        self._bus = bus
        self._metrics = metrics
        self._clock = clock
        self._served = served_operations(caller, lines=True)

    async def answer(self, frame: bytes, lines: set[str], most: int, certificate: str = "") -> bytes:
        """The content of the frame that answers, of so many bytes at most; never raises. lines: those that were opened
        over this connection: no other one is heard on it. certificate: that was shown at its beginning."""
        started = time.perf_counter()
        correlation_id = f"{getrandbits(128):032x}"
        opened: Opened | None = None
        name, status = "?", PLAIN
        try:
            sealed = wire.cut(frame)
            opened = wire.opened(sealed.document)
            spec = self._spec(opened.head.operation)
            name = spec.name
            reply = await self._ask(spec, sealed, opened, lines, correlation_id, certificate)
            content, status = _content(reply), SEALED
        except NotAMessage as error:
            content = self.refused(Invalid(str(error)), opened, correlation_id)
        except YinyiError as error:
            self._metrics.failed(NAME, error)
            content = self.refused(error, opened, correlation_id)
        except Exception:
            log.exception("socket.failed", correlation_id=correlation_id)
            content = self.refused(InternalError(), opened, correlation_id)
        if len(content) > most:
            error = TooLarge(f"an answer of {len(content)} bytes")
            content, status = self.refused(error, opened, correlation_id), PLAIN
        self._metrics.answered(NAME, name, status, time.perf_counter() - started)
        return content

    def refused(self, error: YinyiError, opened: Opened | None = None, correlation_id: str = "") -> bytes:
        head, charset = (opened.head, opened.charset) if opened is not None else (NOBODY, "")
        return unsealed(error, head, charset, correlation_id, self._clock.now())

    def _spec(self, name: str) -> OperationSpec:
        found = self._served.get(name)
        if found is None:
            raise OperationUnknown(name[:64])
        return found

    async def _ask(
        self,
        spec: OperationSpec,
        sealed: Sealed,
        opened: Opened,
        lines: set[str],
        correlation_id: str,
        certificate: str,
    ) -> ReplyEnvelope:
        """
        Raises:
            InvalidField, Invalid: the body is not this operation.
            LineEnded: it is of a line that was not opened over this connection.
            YinyiError: whatever it ended in without a seal.
        """
        head = opened.head
        if spec.name != OPENS and head.line not in lines:
            raise LineEnded
        reply = await self._bus.pass_on(
            spec,
            _body(spec, opened),
            Credentials(session=head.patient, signed=_signed(sealed, head), certificate=certificate),
            head.key,
            head.language,
            correlation_id,
        )
        if reply.sealed is None:
            failure = reply.failure
            raise error_named(failure.code)(failure.detail) if failure is not None else SignatureRefused
        if spec.name == OPENS and reply.failure is None:
            lines.add(line_of(reply))
        elif spec.name == CLOSES and reply.failure is None:
            lines.discard(head.line)
        return reply


def _signed(sealed: Sealed, head: Head) -> Signed:
    return Signed(
        institution_id=head.institution,
        algorithm=sealed.algorithm,
        timestamp=head.time,
        nonce="",
        signature=sealed.mac,
        method="",
        path="",
        body=sealed.document,
    )


def _body(spec: OperationSpec, opened: Opened) -> bytes:
    try:
        return wire.as_json(opened, spec.request)
    except (msgspec.ValidationError, ValueError) as error:
        raise InvalidField(str(error)) from None


def _content(reply: ReplyEnvelope) -> bytes:
    sealed = reply.sealed
    assert sealed is not None, "those without were raised"
    return wire.joined(sealed.algorithm, sealed.mac, sealed.document)


class _Opened(msgspec.Struct):
    line: str


def line_of(reply: ReplyEnvelope) -> str:
    """Of the reply to a sign-on."""
    return msgspec.json.decode(reply.body, type=_Opened).line
