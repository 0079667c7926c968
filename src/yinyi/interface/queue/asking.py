"""From a letter to an operation on the bus, and to the answer. Nothing is verified here: the signature travels on."""

import re
import time
from collections.abc import Mapping
from typing import Any, get_args
from uuid import uuid4

import msgspec
import structlog
from lxml import etree

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials, Signed
from yinyi.bus.operation import OperationSpec
from yinyi.interface.body import TooLarge
from yinyi.interface.metrics import Metrics
from yinyi.interface.problem import OperationUnknown, ours, problem
from yinyi.interface.queue import letter as said
from yinyi.interface.queue.letter import Answer, Letter
from yinyi.kernel.errors import InternalError, Invalid, InvalidField, SignatureRefused, YinyiError
from yinyi.wire.institution import SENT, Algorithm, path_in_queue
from yinyi.wire.xml import NotXml, parsed
from yinyi.wire.xml_shapes import NAMESPACE, read, written

log = structlog.get_logger()

NAME = "queue"
BODY_LIMIT = 64 * 1024
ALGORITHMS = get_args(Algorithm)
"""The first one where none is named."""
_KEY = re.compile(r"[!-~]{8,64}")
_SESSION = re.compile(r"[0-9A-Za-z_-]{1,128}")


class Asking:
    """One for all who bring letters."""

    def __init__(self, bus: BusClient, metrics: Metrics, served: Mapping[str, OperationSpec]) -> None:
        self._bus = bus
        self._metrics = metrics
        self._served = served

    async def answer(self, letter: Letter) -> Answer:
        """Never raises."""
        started = time.perf_counter()
        correlation_id = uuid4().hex
        name = letter.said(said.OPERATION)[:64]
        try:
            reply = await self._ask(letter, correlation_id)
            body = _written(letter, f"{name}Response", reply)
            answer = Answer(body, _properties(name, "done", correlation_id))
        except Exception as error:
            answer = self._failed(letter, name, error, correlation_id)
        status = 200 if answer.done else 503 if answer.again else 400
        self._metrics.answered(NAME, name if name in self._served else "", status, time.perf_counter() - started)
        return answer

    async def _ask(self, letter: Letter, correlation_id: str) -> Any:
        if letter.cut or len(letter.body) > BODY_LIMIT:
            raise TooLarge
        name = letter.said(said.OPERATION)
        spec = self._served.get(name)
        if spec is None:
            raise OperationUnknown(name[:64])
        message = _read(letter, spec)
        key = letter.said(said.KEY) if spec.changes else ""
        if key and not _KEY.fullmatch(key):
            raise InvalidField(f"{said.KEY}: 8 to 64 visible ASCII characters")
        session = letter.said(said.SESSION)
        if session and not _SESSION.fullmatch(session):
            raise InvalidField(f"{said.SESSION}: letters, digits, - and _")
        answered = await self._bus.ask(
            message,
            credentials=Credentials(signed=_signed(letter, spec.name, key, session), session=session),
            key=key,
            language="en" if letter.said(said.LANGUAGE).startswith("en") else "zh-CN",
            timeout_s=letter.within_s,
            correlation_id=correlation_id,
        )
        return answered.reply

    def _failed(self, letter: Letter, name: str, error: Exception, correlation_id: str) -> Answer:
        """Of the closed tree; anything else is our mistake, and written down."""
        if not isinstance(error, YinyiError):
            log.error("queue.failed", correlation_id=correlation_id, exc_info=error)
            error = InternalError()
        self._metrics.failed(NAME, error)
        return refusal(letter, name, error, correlation_id)


def refusal(letter: Letter, name: str, error: YinyiError, correlation_id: str) -> Answer:
    """What is answered to it when this has gone wrong."""
    properties = {
        **_properties(name, "later" if ours(error) else "refused", correlation_id),
        said.CODE: error.code(),
        said.REASON: f"{error.sentence('en')} {error.detail}".strip()[:500],
    }
    return Answer(_written(letter, "Problem", problem(error, correlation_id)), properties, again=ours(error))


def _properties(name: str, outcome: str, correlation_id: str) -> dict[str, str]:
    return {said.OPERATION: name, said.OUTCOME: outcome, said.CORRELATION: correlation_id}


def _read(letter: Letter, spec: OperationSpec) -> Any:
    """
    Raises:
        Invalid: it is neither JSON in UTF-8 nor XML.
        InvalidField: it is not this operation's.
    """
    try:
        if not letter.in_xml:
            return msgspec.json.decode(letter.body, type=spec.request)
        root = parsed(letter.body, letter.charset)
        name = etree.QName(root)
        if name.localname != spec.name or name.namespace not in (NAMESPACE, None):
            raise InvalidField(f"not <{spec.name}>")
        return read(root, spec.request)
    except msgspec.ValidationError as error:
        raise InvalidField(str(error)) from None
    except NotXml as error:
        raise Invalid(str(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Invalid("the body is neither JSON in UTF-8 nor XML") from None
    except ValueError as error:
        raise InvalidField(str(error)) from None


def _signed(letter: Letter, operation: str, key: str, session: str) -> Signed:
    """
    Raises:
        SignatureRefused: there is none.
    """
    names = (said.INSTITUTION, said.TIMESTAMP, said.NONCE, said.SIGNATURE)
    institution_id, timestamp, nonce, signature = map(letter.said, names)
    if not (institution_id and timestamp and nonce and signature):
        raise SignatureRefused("needs " + ", ".join(names))
    algorithm = letter.said(said.ALGORITHM) or ALGORITHMS[0]
    if algorithm not in ALGORITHMS:
        raise SignatureRefused(f"{said.ALGORITHM}: {' or '.join(ALGORITHMS)}")
    return Signed(
        institution_id=institution_id,
        algorithm=algorithm,
        timestamp=timestamp,
        nonce=nonce,
        signature=signature,
        method=SENT,
        path=path_in_queue(operation, key, session),
        body=letter.body,
        charset=letter.charset,
        delivery=letter.delivery,
    )


def _written(letter: Letter, name: str, value: Any) -> bytes:
    return written(name, value).encode() if letter.in_xml else msgspec.json.encode(value)
