"""Operations as XML: an element for each field, in the order of their declaration; a list is its element again and
again; what is None is left out. One walk makes the XSD, one reads by it, one writes."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, cast
from xml.sax.saxutils import escape, quoteattr

import msgspec
from lxml import etree
from msgspec import inspect as shape

from yinyi.wire.xml import NIL, Element

NAMESPACE = "urn:yinyi:v1"

_PLAIN: Mapping[type[shape.Type], str] = {
    shape.BoolType: "boolean",
    shape.FloatType: "double",
    shape.BytesType: "base64Binary",
    shape.DateTimeType: "dateTime",
    shape.DateType: "date",
    shape.TimeType: "time",
}
_ANCHORS = re.compile(r"^\^|\$$|\(\?!\[\\s\\S\]\)$")
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What no XML may hold, however it is written."""


# ---- XSD


def complex_types(structs: Iterable[type[Any]]) -> str:
    """Named types of everything that travels, each once.

    Raises:
        ValueError: two of them are named alike; or something has no form in XML.
    """
    found: dict[str, tuple[type[Any], str]] = {}
    for struct in structs:
        _collect(shape.type_info(struct), found)
    return "".join(
        f'<xs:complexType name="{name}"><xs:sequence>{content}</xs:sequence></xs:complexType>'
        for name, (_, content) in sorted(found.items())
    )


def _collect(info: shape.Type, found: dict[str, tuple[type[Any], str]]) -> None:
    match _bare(info):
        case shape.StructType(cls=cls, fields=fields):
            before = found.get(cls.__name__)
            if before is not None:
                if before[0] is not cls:
                    raise ValueError(f"two types are named {cls.__name__}")
                return
            found[cls.__name__] = cls, "".join(_element(field) for field in fields)
            for field in fields:
                _collect(field.type, found)
        case shape.ListType(item_type=item) | shape.VarTupleType(item_type=item):
            _collect(item, found)
        case _:
            pass


def _element(field: shape.Field) -> str:
    info = _bare(field.type)
    many = _item(info)
    least = "0" if many is not None or not field.required or info is not _unwrapped(field.type) else "1"
    most = ' maxOccurs="unbounded"' if many is not None else ""
    named, inner = _type(_bare(many) if many is not None else info)
    head = f'<xs:element name="{field.encode_name}" minOccurs="{least}"{most}'
    return f'{head} type="{named}"/>' if named else f"{head}>{inner}</xs:element>"


def _type(info: shape.Type) -> tuple[str, str]:
    """The name of a type; or the type itself, where it has none."""
    match info:
        case shape.StructType(cls=cls):
            return f"tns:{cls.__name__}", ""
        case shape.LiteralType(values=values):
            return "", _restricted("string", [("enumeration", str(value)) for value in values])
        case shape.UnionType(types=types) if all(isinstance(each, shape.LiteralType) for each in types):
            values = [value for each in types if isinstance(each, shape.LiteralType) for value in each.values]
            return "", _restricted("string", [("enumeration", str(value)) for value in values])
        case shape.StrType(min_length=least, max_length=most, pattern=pattern):
            facets = [("minLength", least), ("maxLength", most), ("pattern", _pattern(pattern))]
            return _named("string", facets)
        case shape.IntType(ge=least, le=most):
            return _named("long", [("minInclusive", least), ("maxInclusive", most)])
        case _:
            return f"xs:{_PLAIN[type(info)]}", ""


def _named(base: str, facets: list[tuple[str, Any]]) -> tuple[str, str]:
    said = [(name, str(value)) for name, value in facets if value is not None]
    return ("", _restricted(base, said)) if said else (f"xs:{base}", "")


def _restricted(base: str, facets: list[tuple[str, str]]) -> str:
    inner = "".join(f"<xs:{name} value={quoteattr(value)}/>" for name, value in facets)
    return f'<xs:simpleType><xs:restriction base="xs:{base}">{inner}</xs:restriction></xs:simpleType>'


def _pattern(pattern: str | None) -> str | None:
    """XSD's patterns are whole as they stand."""
    return None if pattern is None else _ANCHORS.sub("", _ANCHORS.sub("", pattern))


# ---- reading and writing


def read(element: Element, struct: type[Any]) -> Any:
    """
    Raises:
        msgspec.ValidationError: it is not one of these. Names the field.
    """
    return msgspec.convert(_read(element, _info(struct)), struct)


@cache
def _info(struct: type[Any]) -> shape.StructType:
    info = shape.type_info(struct)
    assert isinstance(info, shape.StructType)
    return info


def _read(element: Element, info: shape.Type) -> Any:
    match _bare(info):
        case shape.StructType(fields=fields):
            return _read_fields(element, {field.encode_name: field for field in fields})
        case shape.IntType():
            return _number(element)
        case shape.FloatType():
            return float(_text(element))
        case shape.BoolType():
            return {"true": True, "1": True, "false": False, "0": False}.get(_text(element), _text(element))
        case shape.StrType() | shape.LiteralType():
            return element.text or ""
        case shape.UnionType(types=types) if all(isinstance(each, shape.LiteralType) for each in types):
            return element.text or ""
        case _:
            return _text(element)


def _read_fields(element: Element, fields: Mapping[str, shape.Field]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: [] for name, field in fields.items() if field.required and _item(_bare(field.type)) is not None
    }
    for child in element.iterchildren("{*}*"):
        name = etree.QName(child).localname
        field = fields.get(name)
        if field is None:
            raise msgspec.ValidationError(f"there is no field `{name[:64]}`")
        if child.get(NIL) in ("true", "1"):
            continue
        item = _item(_bare(field.type))
        if item is not None:
            found.setdefault(name, []).append(_read(child, item))
        elif name in found:
            raise msgspec.ValidationError(f"`{name}` stands there twice")
        else:
            found[name] = _read(child, field.type)
    return found


def _number(element: Element) -> Any:
    text = _text(element)
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,20}", text) else text


def _text(element: Element) -> str:
    return (element.text or "").strip()


def written(name: str, value: Any, namespace: str = NAMESPACE) -> str:
    """A struct as an element."""
    parts: list[str] = [f'<{name} xmlns="{namespace}">']
    _write_fields(parts, msgspec.to_builtins(value))
    return "".join([*parts, f"</{name}>"])


def fields_of(value: Any) -> str:
    """The elements of its fields, without one around them."""
    parts: list[str] = []
    _write_fields(parts, msgspec.to_builtins(value))
    return "".join(parts)


def _write_fields(parts: list[str], fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        several: list[Any] = cast(list[Any], value) if isinstance(value, list) else [value]
        for each in several:
            _write(parts, name, each)


def _write(parts: list[str], name: str, value: Any) -> None:
    if value is None:
        return
    parts.append(f"<{name}>")
    if isinstance(value, dict):
        _write_fields(parts, cast(dict[str, Any], value))
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    else:
        parts.append(text_of(str(value)))
    parts.append(f"</{name}>")


def text_of(said: str) -> str:
    """Escaped, and without what XML cannot hold."""
    return escape(_NEVER.sub("�", said))


# ---- types


def _unwrapped(info: shape.Type) -> shape.Type:
    return info.type if isinstance(info, shape.Metadata) else info


def _bare(info: shape.Type) -> shape.Type:
    """Without what is said about it, and without its None."""
    info = _unwrapped(info)
    if isinstance(info, shape.UnionType):
        rest = [each for each in info.types if not isinstance(each, shape.NoneType)]
        if len(rest) == 1:
            return _unwrapped(rest[0])
    return info


def _item(info: shape.Type) -> shape.Type | None:
    """Of a list; None: it is none."""
    return info.item_type if isinstance(info, shape.ListType | shape.VarTupleType) else None
