"""From an element, whoever wrapped it, to an operation on the bus; and from what goes wrong to something to show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec
import structlog
from lxml import etree

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials, Signed
from yinyi.bus.operation import OperationSpec
from yinyi.interface.metrics import Metrics
from yinyi.interface.problem import OperationUnknown
from yinyi.interface.xml_schema import KEY
from yinyi.kernel.errors import InternalError, InvalidField, SignatureRefused, YinyiError
from yinyi.wire.xml import Element
from yinyi.wire.xml_shapes import read

log = structlog.get_logger()

NAME = "soap"


@dataclass(frozen=True)
class Wanted:
    """key: empty where nothing is changed."""

    spec: OperationSpec
    fields: Element
    token: Signed | None
    key: str = ""
    language: str = "zh-CN"
    certificate: str = ""


class Asking:
    """One for all forms of SOAP."""

    def __init__(self, bus: BusClient, metrics: Metrics, served: Mapping[str, OperationSpec]) -> None:
        self._bus = bus
        self._metrics = metrics
        self.served = served

    def spec(self, name: str) -> OperationSpec:
        """
        Raises:
            OperationUnknown
        """
        found = self.served.get(name)
        if found is None:
            raise OperationUnknown(name[:64])
        return found

    async def ask(self, wanted: Wanted, correlation_id: str) -> Any:
        """The reply.

        Raises:
            YinyiError: whatever the operation ended in.
        """
        if wanted.token is None:
            raise SignatureRefused("needs a UsernameToken with a password digest, a nonce and the time")
        try:
            message = read(wanted.fields, wanted.spec.request)
        except (msgspec.ValidationError, ValueError) as error:
            raise InvalidField(str(error)) from None
        answered = await self._bus.ask(
            message,
            credentials=Credentials(signed=wanted.token, certificate=wanted.certificate),
            key=wanted.key,
            language=wanted.language,
            correlation_id=correlation_id,
        )
        return answered.reply

    def known(self, error: Exception, correlation_id: str) -> YinyiError:
        """Of the closed tree; anything else is our mistake, and written down."""
        if isinstance(error, YinyiError):
            self._metrics.failed(NAME, error)
            return error
        log.error("soap.failed", correlation_id=correlation_id, exc_info=error)
        return InternalError()


def fresh_id() -> str:
    return uuid4().hex


def taken_key(fields: Element) -> str:
    """The idempotency key among the fields, which is not one of the operation's: it is taken out."""
    for child in fields.iterchildren("{*}*"):
        if etree.QName(child).localname == KEY:
            fields.remove(child)
            return (child.text or "").strip()
    return ""
