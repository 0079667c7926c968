"""Trades in XML: values as text, rows out of whatever holds them, and what an answer without rows means."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

from lxml import etree

from yinyi.access.hospital.trades.failures import CallFailed, Rejected, Unanswered
from yinyi.access.hospital.trades.figures import decimal, whole
from yinyi.access.hospital.trades.names import FarTrade, Words
from yinyi.access.hospital.trades.trade import Kind, Row, Trade
from yinyi.wire import xml
from yinyi.wire.xml import Element

USUAL = Words(trades="{Pascal}", parameters="{Pascal}", columns="{Pascal}")
"""As our sandbox has them."""

_BLAMES_US = frozenset({"Client", "Sender", "VersionMismatch", "MustUnderstand"})
"""Codes of a fault of which nothing has happened. Source: SOAP 1.1 section 4.4.1, SOAP 1.2 part 1 section 5.4.6."""

EXAMPLES: Mapping[Kind, Any] = {
    "text": "x",
    "int": 1,
    "bool": True,
    "date": date(2026, 1, 1),
    "instant": datetime(2026, 1, 1, tzinfo=UTC),
    "number": 1.0,
    "texts": ["x"],
    "ints": [1],
}
"""A value of each kind, to see whether a call can be written."""


def given(far: FarTrade, values: Sequence[Any]) -> dict[str, str | list[str]]:
    """Texts by the hospital's names; what is None is left out.

    Raises:
        Rejected: an empty list, which XML cannot tell from none at all.
    """
    told: dict[str, str | list[str]] = {}
    for name, value in zip(far.parameters, far.values(values), strict=True):
        if isinstance(value, list):
            told[name] = [_text(one) for one in cast(list[Any], value)]
            if not told[name]:
                raise Rejected(f"nothing stands in {name}")
        elif value is not None:
            told[name] = _text(value)
    return told


def message(far: FarTrade, values: Sequence[Any], source: str, message_id: str) -> str:
    """A string of XML that asks. Source: protocols, "method(tradeCode, string xml)"."""
    asked = etree.Element("Request")
    head, body = etree.SubElement(asked, "Header"), etree.SubElement(asked, "Body")
    etree.SubElement(head, "SourceSystem").text = source
    etree.SubElement(head, "MessageID").text = message_id
    for name, texts in given(far, values).items():
        for text in [texts] if isinstance(texts, str) else texts:
            etree.SubElement(body, name).text = text
    return etree.tostring(asked, encoding="unicode")


def parsed(text: bytes, charset: str = "") -> Element:
    """charset: where it is not what the text says of itself.

    Raises:
        Unanswered: it is no XML, or brings a document type with it.
    """
    try:
        return xml.parsed(text, charset)
    except xml.NotXml as error:
        raise Unanswered(f"the answer: {error}") from error


def fault(envelope: Element) -> CallFailed | None:
    """What a SOAP fault means; None: there is none."""
    found = next(envelope.iter("{*}Fault"), None)
    if found is None:
        return None
    code = found.findtext("{*}faultcode") or found.findtext("{*}Code/{*}Value") or ""
    why = found.findtext("{*}faultstring") or found.findtext("{*}Reason/{*}Text") or ""
    detail = f"{code}: {why}"[:200]
    return Rejected(detail) if code.rpartition(":")[2].partition(".")[0] in _BLAMES_US else Unanswered(detail)


def answered(envelope: Element, name: str) -> Element:
    """What answers the call in an envelope: without it, that there are no rows says nothing.

    Raises:
        Unanswered: it is another document, such as a page that says when the house is back.
    """
    body = envelope.find("{*}Body") if etree.QName(envelope).localname == "Envelope" else None
    found = body.find(f"{{*}}{name}") if body is not None else None
    if found is None:
        raise Unanswered(f"the answer is {etree.QName(envelope).localname} without {name}"[:200])
    return found


def rows(answer: Element, row: str, trade: Trade, far: FarTrade, keyed: str = "") -> list[Row]:
    """keyed: the attribute by which elements are named, instead of by their own names.

    Raises:
        Unanswered: a value is none of its kind.
    """
    try:
        return [far.row(_row(one, far, keyed)) for one in answer.iter(f"{{*}}{row}")]
    except ValueError as error:
        raise Unanswered(f"{trade.name}: {error}"[:200]) from error


def _row(element: Element, far: FarTrade, keyed: str) -> dict[str, Any]:
    texts = _by_key(element, keyed) if keyed else xml.fields(element)
    found = {one.name: _value(one.kind, texts.get(far.columns[one.name], [])) for one in far.answers}
    for name, value in found.items():
        if isinstance(value, datetime) and value.tzinfo is None and name not in far.formed:
            raise ValueError(f"no time zone: {name}")
    return found


def _by_key(element: Element, keyed: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for child in element.iterchildren("{*}*"):
        found.setdefault(child.get(keyed, ""), []).append(child.text or "")
    return found


def _value(kind: Kind, texts: list[str]) -> Any:
    if kind == "texts":
        return texts
    if kind == "ints":
        return [whole(text) for text in texts]
    if len(texts) > 1:
        raise ValueError("said twice")
    if not texts or (kind != "text" and not texts[0].strip()):
        return None
    return texts[0] if kind == "text" else _READ[kind](texts[0].strip())


def _bool(text: str) -> bool:
    if text not in ("true", "false", "1", "0"):
        raise ValueError(f"neither true nor false: {text[:20]!r}")
    return text in ("true", "1")


_READ: dict[Kind, Callable[[str], Any]] = {
    "int": whole,
    "bool": _bool,
    "date": date.fromisoformat,
    "instant": datetime.fromisoformat,
    "number": lambda text: float(decimal(text)),
}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def texts(answer: Element) -> Iterator[str]:
    """Of every element that holds nothing else: one of them is the string of XML."""
    for one in answer.iter("{*}*"):
        if len(one) == 0 and one.text:
            yield one.text
