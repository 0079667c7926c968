"""XML from strangers: read without ever looking beyond its own bytes, and what stands in an element by names."""

import re
from typing import Any

from lxml import etree

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

_CODECS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii"), "utf-8"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "gb_2312-80", "cp936", "x-gbk"), "gb18030"),
    **dict.fromkeys(("utf-16", "utf-16le", "utf-16be", "iso-8859-1"), ""),
}
"""Empty: Python's own of this name."""
_DECLARATION = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]{0,80}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"'][^>]{0,80}\?>"
)
_DECLARED = re.compile(r"\A\ufeff?\s*<\?xml\s[^>]{0,200}\?>")

Element = Any
"""lxml's own class has no public name."""


class NotXml(ValueError):
    """It is not well-formed, too deep, or brings a document type."""


def parsed(text: bytes, charset: str = "") -> Element:
    """The root. Comments and processing instructions are left out. charset: where whoever has sent it says so apart
    from the text, which counts before what the text says of itself (RFC 7303, section 3); GB2312 and GBK are read as
    GB 18030, whose beginnings they are.

    Raises:
        NotXml
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(_in_utf_8(text, charset), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml("not well-formed") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotXml("it brings a document type")
    return root


def _in_utf_8(text: bytes, charset: str) -> bytes:
    """As it is, if it is in UTF-8 or says what else it is in.

    Raises:
        ValueError: it is not in the characters that it, or its sender, says; or nobody knows those.
    """
    said = _DECLARATION.match(text)
    name = (charset or (said[1].decode() if said else "utf-8")).lower()
    codec = _CODECS.get(name)
    if codec is None:
        raise ValueError("unknown characters")
    if codec == "utf-8":
        return _DECLARATION.sub(b"", text)
    return _DECLARED.sub("", text.decode(codec or name), count=1).encode()


def declared_charset(text: bytes) -> str:
    """Of XML that was read: ``UTF-8`` or ``GB18030``, in which it can be answered."""
    said = _DECLARATION.match(text)
    return "GB18030" if said is not None and _CODECS.get(said[1].decode().lower()) == "gb18030" else "UTF-8"


def fields(element: Element) -> dict[str, list[str]]:
    """The texts of its children by their local names; what is nil is left out."""
    found: dict[str, list[str]] = {}
    for child in element.iterchildren("{*}*"):
        if child.get(NIL) not in ("true", "1"):
            found.setdefault(etree.QName(child).localname, []).append(child.text or "")
    return found
