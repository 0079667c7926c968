"""The hospital's oldest web service, under ``/desk``: no WSDL tells of it. One method for all, in an envelope of its
own making in GB 18030; a string of XML in CDATA that names everything by an attribute, and is answered likewise."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi.wire import xml
from yinyi.wire.xml import Element
from yinyi_sandbox.hospital.services import Refusal, Services, served, texts_of
from yinyi_sandbox.hospital.trades import Trade

SPACE = "urn:cloudhill-hospital:desk"
ACTION = f"{SPACE}/Deal"
TICKET = "a ticket of the desk's"
KEY = "KEY"
ENVELOPE = f"""<?xml version="1.0" encoding="GB18030"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:d="{SPACE}">
  <soapenv:Header><d:Ticket>{{{{password}}}}</d:Ticket></soapenv:Header>
  <soapenv:Body><d:Deal><kind>{{{{trade}}}}</kind><paper>{{{{message_in_cdata}}}}</paper></d:Deal></soapenv:Body>
</soapenv:Envelope>
"""
INNER = """<?xml version="1.0" encoding="GB2312"?>
<ROOT serial="{{message_id}}" from="{{source}}" at="{{time}}"><ITEMS>{{parameters}}</ITEMS></ROOT>
"""
PARAMETER = f'<ITEM {KEY}="{{{{name}}}}">{{{{value}}}}</ITEM>'
TEMPLATES = {"envelope": ENVELOPE, "inner": INNER}
STYLED: dict[str, Any] = {
    "style": "template",
    "parameter": PARAMETER,
    "action": ACTION,
    "charset": "gb18030",
    "keyed": KEY,
    "answer": "DealResponse",
    "row": "LINE",
    "result": "RC",
    "password": TICKET,
}
"""What its connector is told, beside its address and the files of its two templates."""


def route(services: Services) -> Route:
    """Mounted under ``/hospital``."""

    async def endpoint(request: Request) -> Response:
        if request.headers.get("soapaction") != f'"{ACTION}"':
            return Response(status_code=405)
        return await served(request, _dealt(services))

    return Route("/desk", endpoint, methods=["POST"])


def _dealt(services: Services) -> Callable[[Element], Awaitable[Element]]:
    async def dealt(call: Element) -> Element:
        if call.getroottree().findtext(f".//{{{SPACE}}}Ticket") != TICKET:
            raise Refusal("no ticket")
        if etree.QName(call).localname != "Deal":
            raise Refusal("no such method")
        reply = etree.Element(f"{{{SPACE}}}DealResponse")
        said = await _said(services, call.findtext("kind") or "", call.findtext("paper") or "")
        etree.SubElement(reply, "paper").text = said
        return reply

    return dealt


async def _said(services: Services, code: str, text: str) -> str:
    """RC: 0 well, -1 our fault, -2 the caller's."""
    root = etree.Element("ROOT")
    result, content = "0", "成功"
    data = etree.Element("DATA")
    try:
        trade = next((one for one in await services.trades() if code in (one.code, one.method)), None)
        items = _parsed(text).find("ITEMS")
        if trade is None or items is None:
            raise Refusal(f"no trade {code}" if trade is None else "no ITEMS")
        _with_lines(data, trade, await services.answer(trade, _given(items)))
    except Refusal as refusal:
        result, content = "-2" if refusal.sender else "-1", str(refusal)
    etree.SubElement(root, "RC").text = result
    etree.SubElement(root, "RM").text = content
    root.append(data)
    return '<?xml version="1.0" encoding="GB2312"?>' + etree.tostring(root, encoding="unicode")


def _parsed(text: str) -> Element:
    try:
        return xml.parsed(text.encode(), "utf-8")
    except xml.NotXml as error:
        raise Refusal(str(error)) from error


def _given(items: Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in items.iterchildren("ITEM"):
        found.setdefault(each.get(KEY, ""), []).append(each.text or "")
    return found


def _with_lines(data: Element, trade: Trade, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        line: Element = cast(Any, etree.SubElement(data, "LINE"))
        for column in trade.columns:
            for text in texts_of(row[column.name]):
                item: Element = cast(Any, etree.SubElement(line, "ITEM"))
                item.set(KEY, column.word)
                item.text = text
