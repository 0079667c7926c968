"""Calls written by a hospital's own templates: where its XML is not what a WSDL makes of it, or there is no WSDL.

A template is the text that leaves, with ``{{places}}``. Nothing but a place is ever written anew, and what stands in a
place is never looked through for others.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from yinyi.access.hospital.soap import mapping
from yinyi.access.hospital.soap.config import SoapConfig
from yinyi.access.hospital.trades.failures import Rejected
from yinyi.access.hospital.trades.names import FarTrade
from yinyi.kernel.clock import Clock
from yinyi.wire import xml

Written = tuple[str, dict[str, str], bytes]
"""Where a call goes, with which headers, and the envelope."""

ZONE = ZoneInfo("Asia/Shanghai")
_PLACE = re.compile(r"\{\{ *(\w+) *\}\}")
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
OF_PARAMETER = frozenset({"name", "value"})
OF_CALL = frozenset({"trade", "message_id", "source", "time", "user", "password", "parameters"})
OF_STRING = frozenset({"message", "message_in_cdata"})
_EXAMPLE: Mapping[str, str] = {"name": "N", "parameters": "<P/>", "message": "x", "message_in_cdata": "x"}


class Templated:
    """Writes calls by ``envelope``; with ``inner``, by that the string of XML that stands in it."""

    def __init__(self, config: SoapConfig, clock: Clock) -> None:
        """
        Raises:
            ValueError: a file cannot be read, has a place that there is not or lacks one that it needs, or is no XML.
        """
        self._config = config
        self._clock = clock
        if not config.address:
            raise ValueError("templates need an address")
        self._parameter = _checked(config.parameter, "parameter", OF_PARAMETER, [OF_PARAMETER])
        places = OF_CALL | OF_STRING if config.inner else OF_CALL
        needed = [OF_STRING] if config.inner else [{"trade"}, {"parameters"}]
        self._envelope = _checked(_read(config.envelope), config.envelope, places, needed)
        needed = [{"parameters"}]
        self._inner = _checked(_read(config.inner), config.inner, OF_CALL, needed) if config.inner else ""
        if "trade" not in _places(self._envelope + self._inner):
            raise ValueError("neither template says which trade it is: {{trade}}")

    def written(self, far: FarTrade, values: Sequence[Any]) -> Written:
        """
        Raises:
            Rejected: a value cannot stand in XML, or has no form.
        """
        try:
            given = mapping.given(far, values)
        except ValueError as error:
            raise Rejected(f"{far.name} cannot be asked like this: {error}"[:200]) from error
        told = [
            self._filled(self._parameter, {"name": name, "value": text})
            for name, texts in given.items()
            for text in ([texts] if isinstance(texts, str) else texts)
        ]
        call = {
            "trade": far.name,
            "message_id": uuid4().hex,
            "source": self._config.source,
            "time": self._clock.now().astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S"),
            "user": self._config.user,
            "password": self._config.password,
        }
        ready = {"parameters": "".join(told)}
        if self._inner:
            string = self._filled(self._inner, call, ready)
            in_cdata = "<![CDATA[" + string.replace("]]>", "]]]]><![CDATA[>") + "]]>"
            ready = {"message": escape(string), "message_in_cdata": in_cdata}
        text = self._filled(self._envelope, call, ready)
        kind = f"text/xml; charset={self._config.charset}"
        headers = {"Content-Type": kind, "SOAPAction": f'"{self._config.action}"'}
        return self._config.address, headers, text.encode(self._config.charset)

    def _filled(self, template: str, texts: Mapping[str, str], ready: Mapping[str, str] | None = None) -> str:
        """ready: XML as it is.

        Raises:
            Rejected: see ``written``.
        """
        for text in texts.values():
            if _NOT_IN_XML.search(text):
                raise Rejected("a character that cannot stand in XML")
        shown = {name: escape(text, {'"': "&quot;", "'": "&apos;"}) for name, text in texts.items()} | dict(ready or {})
        return _PLACE.sub(_said(shown), template)


def _said(texts: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda found: texts[found[1]]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the template {path!r} cannot be read: {type(error).__name__}") from error


def _places(template: str) -> set[str]:
    return set(_PLACE.findall(template))


def _checked(template: str, name: str, places: frozenset[str], needed: Sequence[frozenset[str] | set[str]]) -> str:
    """needed: of each of these at least one."""
    found = _places(template)
    if found - places:
        raise ValueError(f"{name}: there is no {{{{{min(found - places)}}}}} here")
    for each in needed:
        if not found & each:
            raise ValueError(f"{name}: it needs {{{{{min(each)}}}}}")
    try:
        xml.parsed(_PLACE.sub(lambda at: _EXAMPLE.get(at[1], "x"), template).encode(), "utf-8")
    except xml.NotXml as error:
        raise ValueError(f"{name}: {error}") from error
    return template
