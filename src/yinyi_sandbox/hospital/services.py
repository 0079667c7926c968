"""The hospital's web services: one method for each trade under ``/soap``, and all of them behind one method that takes
a code and a string of XML, under ``/hip`` (HIPMessageServer) and ``/process``, as hospitals in China have them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import asyncpg
from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi.kernel.clock import Clock
from yinyi.wire import xml
from yinyi.wire.xml import Element
from yinyi_sandbox.channel.hanging_up import HangUp, Silence
from yinyi_sandbox.hospital import wsdl
from yinyi_sandbox.hospital.hospital import Hospital
from yinyi_sandbox.hospital.trades import Trade, described, run

_LONGEST_BODY = 1 << 20
_NAMESPACES = {wsdl.SOAP_11: "text/xml; charset=utf-8", wsdl.SOAP_12: "application/soap+xml; charset=utf-8"}


class Refusal(Exception):
    """A call that is answered by a fault. ``sender``: it is the caller's."""

    def __init__(self, text: str, sender: bool = True) -> None:
        super().__init__(text)
        self.sender = sender


class Mishap(Exception):
    """A call that is not answered. ``hangs_up``: at once; else the line stays open and nothing comes."""

    def __init__(self, hangs_up: bool) -> None:
        super().__init__()
        self.hangs_up = hangs_up


class Services:
    """``settled()``: no call is under way any more."""

    def __init__(self, hospital: Hospital) -> None:
        self._hospital = hospital
        self._trades: list[Trade] = []
        self._answering = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def trades(self) -> list[Trade]:
        if not self._trades:
            async with self._hospital.pool.acquire() as connection:
                self._trades = await described(connection)
        return self._trades

    @property
    def clock(self) -> Clock:
        return self._hospital.clock

    async def settled(self) -> None:
        await self._idle.wait()

    def texts(self, trade: Trade, asked: dict[str, Any]) -> dict[str, list[str]]:
        """Values of JSON, by the names of parameters, as ``answer`` takes them; what is null is left out."""
        given = {each.word: asked.get(each.name) for each in trade.parameters}
        return {word: texts_of(value) for word, value in given.items() if value is not None}

    async def answer(self, trade: Trade, given: dict[str, list[str]]) -> list[dict[str, Any]]:
        """The rows.

        Raises:
            Refusal: the procedure does not run.
            Mishap: a fault has befallen the call.
        """
        self._answering += 1
        self._idle.clear()
        try:
            with self._hospital.under_way:
                return await self._answer(trade, given)
        finally:
            self._answering -= 1
            if not self._answering:
                self._idle.set()

    async def _answer(self, trade: Trade, given: dict[str, list[str]]) -> list[dict[str, Any]]:
        fault = self._hospital.faults.take(trade.procedure)
        kind = fault.fault if fault else ""
        if self._hospital.down or kind == "cut":
            raise Mishap(hangs_up=True)
        if fault and kind == "slow":
            await asyncio.sleep(fault.ms / 1000)
        try:
            rows = await run(self._hospital.pool, trade, given)
        except asyncpg.DataError as error:
            raise Refusal(str(error)) from error
        except asyncpg.PostgresError as error:
            raise Refusal(str(error), sender=False) from error
        if kind in ("lost", "silent"):
            raise Mishap(hangs_up=kind == "lost")
        return rows


def routes(services: Services) -> list[Route]:
    """Mounted under ``/hospital``."""
    hip = (wsdl.HL7, "HIPMessageServer", "action", "message", "HIPMessageServerResult")
    process = (wsdl.HIS, "process", "code", "xml", "return")
    return [
        Route("/soap", _methods(services), methods=["GET", "POST"]),
        Route("/hip", _message(services, *hip), methods=["GET", "POST"]),
        Route("/process", _message(services, *process), methods=["GET", "POST"]),
    ]


Endpoint = Callable[[Request], Awaitable[Response]]


def _methods(services: Services) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        trades = await services.trades()
        if request.method == "GET":
            return _description(request, wsdl.of_methods(trades, _location(request)))
        return await served(request, answered)

    async def answered(call: Element) -> Element:
        name = etree.QName(call).localname
        trade = next((one for one in await services.trades() if one.method == name), None)
        if trade is None:
            raise Refusal(f"no method {name}")
        rows = await services.answer(trade, xml.fields(call))
        return _with_rows(etree.Element(f"{{{wsdl.HIS}}}{name}Response"), trade, rows)

    return endpoint


def _message(services: Services, namespace: str, method: str, first: str, second: str, result: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if request.method == "GET":
            asked = wsdl.of_message(namespace, method, first, second, result, _location(request))
            return _description(request, asked)
        return await served(request, answered)

    async def answered(call: Element) -> Element:
        given = xml.fields(call)
        code, text = given.get(first, [""])[0], given.get(second, [""])[0]
        said = await _spoken(services, code, text)
        reply = etree.Element(f"{{{namespace}}}{method}Response")
        etree.SubElement(reply, f"{{{namespace}}}{result}").text = said
        return reply

    return endpoint


async def _spoken(services: Services, code: str, text: str) -> str:
    """The string of XML that answers one. ResultCode: 0 well, -1 our fault, -2 the caller's."""
    reply = etree.Element("Response")
    head, body = etree.SubElement(reply, "Header"), etree.SubElement(reply, "Body")
    result, content = "0", "成功"
    try:
        trade = next((one for one in await services.trades() if code in (one.code, one.method)), None)
        asked = _parsed(text.encode())
        if trade is None or asked.find("Body") is None:
            raise Refusal(f"no trade {code}" if trade is None else "no Body")
        etree.SubElement(head, "MessageID").text = asked.findtext("Header/MessageID") or ""
        rows = await services.answer(trade, xml.fields(asked.find("Body")))
        _with_rows(body, trade, rows)
    except Refusal as refusal:
        result, content = "-2" if refusal.sender else "-1", str(refusal)
    etree.SubElement(head, "ResultCode").text = result
    etree.SubElement(head, "ResultContent").text = content
    return etree.tostring(reply, encoding="unicode")


async def served(request: Request, answered: Callable[[Element], Awaitable[Element]]) -> Response:
    namespace = wsdl.SOAP_11
    try:
        envelope = _parsed(await _limited(request))
        namespace = etree.QName(envelope).namespace or ""
        body = envelope.find(f"{{{namespace}}}Body")
        if namespace not in _NAMESPACES or body is None or len(body) != 1:
            namespace = namespace if namespace in _NAMESPACES else wsdl.SOAP_11
            raise Refusal("no SOAP envelope with one call")
        reply = await answered(body[0])
    except Refusal as refusal:
        return _enveloped(namespace, _fault(namespace, refusal), 500)
    except Mishap as mishap:
        return HangUp() if mishap.hangs_up else Silence()
    return _enveloped(namespace, reply, 200)


async def _limited(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise Refusal("too long")
    return body


def _parsed(text: bytes) -> Element:
    try:
        return xml.parsed(text)
    except xml.NotXml as error:
        raise Refusal(str(error)) from error


def _with_rows(parent: Element, trade: Trade, rows: list[dict[str, Any]]) -> Element:
    namespace = etree.QName(parent).namespace
    prefix = f"{{{namespace}}}" if namespace else ""
    for row in rows:
        shown: Element = cast(Any, etree.SubElement(parent, f"{prefix}Row"))
        for column in trade.columns:
            for text in texts_of(row[column.name]):
                etree.SubElement(shown, f"{prefix}{column.word}").text = text
    return parent


def texts_of(value: Any) -> list[str]:
    """Of a column; a list stands in several elements, and what is empty in none."""
    if isinstance(value, list):
        return [_text(one) for one in cast(list[Any], value)]
    return [] if value is None else [_text(value)]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fault(namespace: str, refusal: Refusal) -> Element:
    fault = etree.Element(f"{{{namespace}}}Fault")
    if namespace == wsdl.SOAP_12:
        code = etree.SubElement(etree.SubElement(fault, f"{{{namespace}}}Code"), f"{{{namespace}}}Value")
        code.text = "env:Sender" if refusal.sender else "env:Receiver"
        text = etree.SubElement(etree.SubElement(fault, f"{{{namespace}}}Reason"), f"{{{namespace}}}Text")
        text.set("{http://www.w3.org/XML/1998/namespace}lang", "zh")
        text.text = str(refusal)
    else:
        etree.SubElement(fault, "faultcode").text = "env:Client" if refusal.sender else "env:Server"
        etree.SubElement(fault, "faultstring").text = str(refusal)
    return fault


def _enveloped(namespace: str, content: Element, status: int) -> Response:
    envelope = etree.Element(f"{{{namespace}}}Envelope", nsmap={"env": namespace})
    etree.SubElement(envelope, f"{{{namespace}}}Body").append(content)
    text = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
    return Response(text, status, media_type=_NAMESPACES[namespace])


def _description(request: Request, text: bytes) -> Response:
    asked = {name.lower() for name in request.query_params}
    return Response(text, media_type="text/xml") if "wsdl" in asked else Response(status_code=405)


def _location(request: Request) -> str:
    return str(request.url.replace(query=""))
