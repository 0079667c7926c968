"""Trades over SOAP, each with a time-out, and the truth about what may have happened.

zeep reads the WSDL and writes the envelopes; what goes over the line, and what came back, is ours to know.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol, cast
from uuid import uuid4

import structlog
from lxml import etree
from zeep import Client, Settings, Transport
from zeep.exceptions import Error as ZeepError
from zeep.wsse.username import UsernameToken

from yinyi.access.hospital.soap import mapping
from yinyi.access.hospital.soap.config import SoapConfig
from yinyi.access.hospital.soap.templates import Templated, Written
from yinyi.access.hospital.trades.failures import Breaker, NotReached, Rejected, Unanswered, http_failure
from yinyi.access.hospital.trades.names import FarTrade, Names
from yinyi.access.hospital.trades.trade import Row, Trade
from yinyi.access.hospital.trades.web import WebLine
from yinyi.bus.guard import assert_no_transaction
from yinyi.kernel.clock import Clock
from yinyi.wire.xml import Element

log = structlog.get_logger()

_WSDL_TIMEOUT_S = 10
_SETTINGS: dict[str, Any] = {
    "forbid_dtd": True,
    "forbid_entities": True,
    "forbid_external": True,
    "raw_response": True,
}


class SoapClient:
    """Carries trades. ``start()`` reads the WSDL."""

    def __init__(self, config: SoapConfig, names: Names, clock: Clock) -> None:
        self._config = config
        self._names = names
        self._breaker = Breaker(config.rest_after, config.rest_s)
        self._line = WebLine(config)
        self._writer: Writes | None = Templated(config, clock) if config.style == "template" else None
        self._reading = asyncio.Lock()

    async def start(self) -> None:
        await self._line.start()

    async def stop(self) -> None:
        await self._line.stop()

    async def misfits(self, trades: Sequence[Trade]) -> list[str]:
        """A sentence for each trade that the WSDL has not or with other parameters; nothing while it cannot be read.
        What stands in an answer no WSDL of the field tells."""
        try:
            writer = await self._written_by()
        except NotReached as error:
            log.warning("hospital.names_not_looked_at", why=str(error))
            return []
        return [why for trade in trades if (why := _misfit(writer, trade, self._names[trade.name]))]

    async def call(self, trade: Trade, *values: Any) -> Sequence[Row]:
        """
        Raises:
            NotReached, Unanswered, Rejected
        """
        assert_no_transaction()
        self._breaker.require()
        far = self._names[trade.name]
        if not far.name:
            raise Rejected(f"the hospital has no {trade.name}")
        writer = await self._written_by()
        address, headers, body = writer.written(far, values)
        try:
            answer = await self._sent(address, headers, body)
            rows = self._read(answer, trade, far)
        except Rejected:
            self._breaker.succeeded()
            raise
        except (NotReached, Unanswered):
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return rows

    async def _written_by(self) -> "Writes":
        """The WSDL may have an address in the hospital, so it is read when it is first needed."""
        async with self._reading:
            if self._writer is None:
                try:
                    self._writer = await asyncio.to_thread(Writer, self._config)
                except Exception as error:
                    self._breaker.failed()
                    raise NotReached(f"the WSDL cannot be read: {type(error).__name__}") from error
            return self._writer

    async def _sent(self, address: str, headers: dict[str, str], body: bytes) -> bytes:
        status, answer = await self._line.asked("POST", address, headers, body)
        if status not in (200, 500):
            raise http_failure(status)
        return answer

    def _read(self, answer: bytes, trade: Trade, far: FarTrade) -> list[Row]:
        envelope = mapping.parsed(answer)
        failed = mapping.fault(envelope)
        if failed is not None:
            raise failed
        answered = mapping.answered(envelope, self._config.answer_to(far.name))
        if self._config.answers_by_string:
            answered = self._spoken(answered)
        return mapping.rows(answered, self._config.row, trade, far, self._config.keyed)

    def _spoken(self, answered: Element) -> Element:
        """The XML that the one string of the answer is."""
        text = next(mapping.texts(answered), "")
        said = mapping.parsed(text.encode(), "utf-8")
        result = said.findtext(f".//{{*}}{self._config.result}") if self._config.result else self._config.well
        if result == self._config.well:
            return said
        failed = Rejected if result in self._config.refused else Unanswered
        raise failed(f"result {result}"[:200])


class Writes(Protocol):
    """Makes calls into what leaves."""

    def written(self, far: FarTrade, values: Sequence[Any]) -> Written:
        """
        Raises:
            Rejected: it cannot be written.
        """
        ...


def _misfit(writer: Writes, trade: Trade, far: FarTrade) -> str:
    """Why a trade cannot be written; "": it can, or the hospital has none."""
    if not far.name:
        return ""
    try:
        writer.written(far, [mapping.EXAMPLES[one.kind] for one in trade.parameters])
    except Rejected as error:
        return f"{trade.name}: {error}"
    return ""


class _Catching(Transport):
    """Sends nothing: keeps what zeep has written."""

    written: Written = ("", {}, b"")

    def post_xml(self, address: str, envelope: Element, headers: dict[str, str]) -> None:
        self.written = address, headers, etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


class Writer:
    """Writes envelopes as a WSDL says. Slow to make: it reads the WSDL."""

    def __init__(self, config: SoapConfig) -> None:
        """
        Raises:
            Exception: whatever zeep finds wrong with the WSDL.
        """
        self._config = config
        token = UsernameToken(config.user, config.password, use_digest=True) if config.user else None
        settings = Settings(**_SETTINGS)
        self._catching = _Catching(timeout=_WSDL_TIMEOUT_S, operation_timeout=_WSDL_TIMEOUT_S)
        try:
            client = Client(config.wsdl, wsse=token, transport=self._catching, settings=settings)
        finally:
            cast(Any, self._catching).session.close()
        self._service: Any = client.bind(port_name=config.port or None)

    def written(self, far: FarTrade, values: Sequence[Any]) -> Written:
        """
        Raises:
            Rejected: the WSDL has no such method or parameter, or a value cannot stand in XML.
        """
        try:
            method, told = self._told(far, values)
            self._service[method](**told)
        except (TypeError, ValueError, KeyError, AttributeError, ZeepError) as error:
            raise Rejected(f"{far.name} cannot be asked like this: {error}"[:200]) from error
        address, headers, envelope = self._catching.written
        return self._config.address or address, headers, envelope

    def _told(self, far: FarTrade, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
        """The method, and its parameters."""
        if self._config.style == "methods":
            return far.name, {**mapping.given(far, values)}
        text = mapping.message(far, values, self._config.source, uuid4().hex)
        return self._config.method, {self._config.code: far.name, self._config.message: text}
