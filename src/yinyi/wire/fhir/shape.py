"""A resource as a table: where each of our columns stands in it. Writing and reading are the same table both ways."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, cast

import msgspec

from yinyi.wire.fhir.codes import CODES, MISTAKE, NEEDED, VALUE_SETS
from yinyi.wire.fhir.paths import Node, Path, get, path, put
from yinyi.wire.fhir.words import Words

CURRENCY = "CNY"
_FEN = Decimal(100)
_MOST_YUAN = 10**13

UNKNOWN = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
"""Stands where a resource must have something that nobody tells. Source: FHIR R4, "data-absent-reason"."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """
    type: of the resource; "": a part of ``Parameters``.
    columns: the path of each, after a bar how it is written (``money``, ``id:SYSTEM``, ``system:PREFIX``,
        ``code:TABLE``, ``text``);
        several between blanks: all are written and the first that is there is read; one after a question mark is
        only read.
    fixed: by paths, what always stands there. otherwise: by elements, what stands there when nothing else does.
    key: the column that is the resource's id.
    """

    type: str
    columns: Mapping[str, str]
    fixed: Mapping[str, Any] = {}
    otherwise: Mapping[str, Any] = {}
    key: str = ""


class _Place(msgspec.Struct, frozen=True):
    way: Path
    manner: str
    detail: str
    only_read: bool
    many: bool


class Table:
    """A shape in a hospital's words."""

    def __init__(self, shape: Shape, words: Words) -> None:
        """
        Raises:
            ValueError: one of its paths is none.
        """
        self.shape = shape
        self._words = words
        self._places = {name: tuple(_place(one, words) for one in text.split()) for name, text in shape.columns.items()}
        self._fixed = [(path(text, words), value) for text, value in shape.fixed.items()]

    def written(self, values: Mapping[str, Any]) -> Node:
        """What is None or "" is left out, as FHIR wants it.

        Raises:
            ValueError: an empty list, which cannot be told from none at all; or a code that FHIR has not.
        """
        shape = self.shape
        resource: Node = {"resourceType": shape.type} if shape.type else {}
        for way, value in self._fixed:
            put(resource, way, value)
        for name, places in self._places.items():
            value = values.get(name)
            if value == []:
                raise ValueError(f"nothing stands in {name}")
            if value is not None and value != "":
                self._put(resource, places, value)
        for name, value in shape.otherwise.items():
            resource.setdefault(name, value)
        if shape.key and (key := values.get(shape.key)):
            resource["id"] = str(key)
        return resource

    def read(self, resource: Node) -> dict[str, Any] | None:
        """By columns, as JSON has them; what is not there is None. None altogether: it was entered in error.

        Raises:
            ValueError: it is no such resource, or says what we do not know.
        """
        if self.shape.type:
            require(resource, self.shape.type)
            if resource.get("status") == MISTAKE:
                return None
        return {name: self._get(resource, places) for name, places in self._places.items()}

    def _put(self, resource: Node, places: tuple[_Place, ...], value: Any) -> None:
        for place in places:
            if place.only_read:
                continue
            said = [self._said(one, place) for one in value] if place.many else self._said(value, place)
            if said is not None:
                put(resource, place.way, said)

    def _get(self, resource: Node, places: tuple[_Place, ...]) -> Any:
        for place in places:
            found = get(resource, place.way)
            if place.many and found:
                return [self._meant(one, place) for one in found]
            if found is not None and not place.many:
                return self._meant(found, place)
        return None

    def _said(self, value: Any, place: _Place) -> Any:
        if place.manner == "money":
            return {"value": Decimal(value) / _FEN, "currency": CURRENCY}
        if place.manner == "id":
            return {"system": self._words.system(place.detail), "value": str(value)}
        if place.manner == "code":
            return CODES[place.detail].theirs.get(value)
        if place.manner == "text":
            return str(value)
        if place.manner == "system":
            return self._words.system(f"{place.detail}{value}")
        return value.isoformat() if isinstance(value, date) else value

    def _meant(self, value: Any, place: _Place) -> Any:
        if place.manner == "money":
            return _fen(value)
        if place.manner == "id":
            return self._value_of(value, place.detail)
        if place.manner == "code":
            return CODES[place.detail].ours(value)
        if place.manner == "system":
            return self._words.token(str(value)).removeprefix(place.detail)
        return value

    def _value_of(self, identifier: Any, token: str) -> str | None:
        if not isinstance(identifier, dict):
            raise ValueError("an identifier is of another kind")
        told = cast(Node, identifier)
        return told.get("value") if told.get("system") == self._words.system(token) else None


def require(resource: Node, kind: str) -> None:
    """
    Raises:
        ValueError: it is another one, leaves a value set, or says that it may not be read without knowing more.
    """
    if resource.get("resourceType") != kind:
        raise ValueError(f"no {kind}: {str(resource.get('resourceType'))[:40]}")
    if resource.get("modifierExtension") or resource.get("implicitRules"):
        raise ValueError(f"{kind} means something that we do not know")
    for (owner, element), codes in VALUE_SETS.items():
        if owner == kind and (element in resource or (element == "status" and kind in NEEDED)):
            code = resource.get(element)
            if not isinstance(code, str) or code not in codes:
                raise ValueError(f"{kind}.{element} is none of its value set: {str(code)[:40]}")


def _place(text: str, words: Words) -> _Place:
    only_read = text.startswith("?")
    where, _, how = text.removeprefix("?").partition("|")
    manner, _, detail = how.partition(":")
    way = path(where, words)
    return _Place(way, manner, detail, only_read, any(step.every for step in way))


def _fen(money: Any) -> int:
    """
    Raises:
        ValueError: it is none, of another currency, or not whole.
    """
    told = cast(Node, money) if isinstance(money, dict) else {}
    value, currency = told.get("value"), told.get("currency", CURRENCY)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or currency != CURRENCY:
        raise ValueError("no amount of money")
    if not -_MOST_YUAN <= value <= _MOST_YUAN:
        raise ValueError("an amount out of reach")
    fen = Decimal(value) * _FEN
    if fen != fen.to_integral_value():
        raise ValueError("an amount that is none in fen")
    return int(fen)
