"""XML from strangers: read without ever looking beyond its own bytes, and what stands in an element by names."""

from typing import Any

from lxml import etree

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

Element = Any
"""lxml's own class has no public name."""


class NotXml(ValueError):
    """It is not well-formed, too deep, or brings a document type."""


def parsed(text: bytes) -> Element:
    """The root. Comments and processing instructions are left out.

    Raises:
        NotXml
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml("not well-formed") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotXml("it brings a document type")
    return root


def fields(element: Element) -> dict[str, list[str]]:
    """The texts of its children by their local names; what is nil is left out."""
    found: dict[str, list[str]] = {}
    for child in element.iterchildren("{*}*"):
        if child.get(NIL) not in ("true", "1"):
            found.setdefault(etree.QName(child).localname, []).append(child.text or "")
    return found
