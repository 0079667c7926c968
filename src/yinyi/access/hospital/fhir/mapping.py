"""Trades as interactions in a hospital's own addresses, and rows out of what answers.

base = "https://fhir.hospital.example/"                         # before all addresses that have no line here
none = ["query_analyte"]                                        # what the hospital has not
[systems]                                                       # of identifiers and codes
patient = "urn:oid:1.2.156.10011.2.5.1.4"
[extensions]
queue-ahead = "https://fhir.hospital.example/StructureDefinition/waiting"
[at]                                                            # another interaction
query_report_text = "DiagnosticReport/$history?identifier=@order|{order_no}"
[codes]                                                         # of a refusal, or of FHIR's issue, = ours
"1007" = "A01"
[paths.query_schedule]                                          # where a column of the answer stands
room = "actor[type=Location].identifier.value"
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import InvalidOperation
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import msgspec

from yinyi.access.hospital.fhir.answers import Refusals, listed, resource
from yinyi.access.hospital.fhir.interactions import INTERACTIONS, Interaction
from yinyi.access.hospital.fhir.kinds import EMPTY, OF_KIND
from yinyi.access.hospital.trades.failures import Rejected, Unanswered
from yinyi.access.hospital.trades.mapping import BUSY, NO_SUCH_REFERENCE, OK, REFUSALS
from yinyi.access.hospital.trades.trade import Column, Row, Trade
from yinyi.wire.fhir.codes import CODES
from yinyi.wire.fhir.paths import Node
from yinyi.wire.fhir.shape import Table, require
from yinyi.wire.fhir.words import BASE, Words

EXPIRED, OTHER_USE, OTHER_PAYMENT = "N05", "N06", "N08"
"""The codes of ``trades/mapping.py`` for what FHIR says in its own way."""
_CODES = frozenset({OK, BUSY, NO_SUCH_REFERENCE, *REFUSALS})

_SLOT = re.compile(r"@([\w-]+)|\{(\w+)(?:\|(\w+):([^}]*))?\}")
_ESCAPED = str.maketrans({"\\": "\\\\", "$": "\\$", ",": "\\,", "|": "\\|"})
"""Source: FHIR R4, "Escaping Search Parameters"."""
_GONE = ("released", "reversed")


class Addresses(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping file."""

    base: str = BASE
    none: tuple[str, ...] = ()
    systems: dict[str, str] = {}
    extensions: dict[str, str] = {}
    at: dict[str, str] = {}
    codes: dict[str, str] = {}
    paths: dict[str, dict[str, str]] = {}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it goes over the line; ``query`` in the form of an address."""

    method: str
    at: str
    query: str = ""
    body: bytes = b""
    unless: str = ""


class NothingAsked(Exception):
    """What is asked about has no number: nothing can be found."""


class Speech:
    """A trade in the hospital's addresses."""

    def __init__(self, trade: Trade, interaction: Interaction, words: Words) -> None:
        self.trade, self.does, self.most = trade, interaction.does, interaction.most
        self.answers = interaction.answers.type
        self.resource = re.split(r"[/?]", interaction.at)[0]
        self._interaction, self._words = interaction, words
        self._reads = Table(interaction.answers, words)
        self._writes = Table(interaction.sends, words) if interaction.sends else None
        self._replies = any(column.name == "ret_code" for column in trade.answers)

    def asked(self, values: Sequence[Any]) -> Asked:
        """
        Raises:
            Rejected: a value cannot stand in a resource.
            NothingAsked: there is nothing to look for.
        """
        told = dict(zip((one.name for one in self.trade.parameters), values, strict=True))
        at, _, query = self._interaction.at.partition("?")
        try:
            body = _ENCODER.encode(self._writes.written(told)) if self._writes else b""
            asks = self._query(query, told)
        except (ValueError, KeyError, InvalidOperation) as error:
            raise Rejected(f"{self.trade.name} cannot be asked like this: {error}"[:200]) from error
        if self.does == "search":
            return Asked(method="POST", at=f"{at}/_search", query=asks)
        unless = self._query(self._interaction.unless, told)
        return Asked(method="POST" if body else "GET", at=at, query=asks, body=body, unless=unless)

    def rows(self, found: Iterable[Node], asked: Sequence[Any]) -> list[Row]:
        """``found``: the resources that answer.

        Raises:
            Unanswered: one says what we do not know.
        """
        try:
            read = [self._reads.read(one) for one in found]
            rows = [self._row(one) for one in read if one is not None]
        except (ValueError, OverflowError, InvalidOperation) as error:
            raise Unanswered(f"{self.trade.name}: {error}"[:200]) from error
        told = dict(zip((one.name for one in self.trade.parameters), asked, strict=True))
        if self.does == "create":
            return [self._as_sent(row, told) for row in rows]
        if self._replies and not rows and self.does == "search":
            return [self.coded(NO_SUCH_REFERENCE, "")]
        only = self._interaction.only
        return [row for row in rows if not only or told[only] in ("", row[only])]

    def parts(self, answer: Node) -> list[Node]:
        """The resources, or parameters, that an answer to something else than a search holds."""
        if part := self._interaction.part:
            require(answer, "Parameters")
            return [one for one in listed(answer, "parameter") if one.get("name") == part]
        if answer.get("resourceType") == "Bundle":
            return [resource(entry) for entry in listed(answer, "entry")]
        return [answer]

    def coded(self, code: str, message: str) -> Row:
        """A row that refuses."""
        row: dict[str, Any] = dict.fromkeys(one.name for one in self.trade.answers)
        return row | {"ret_code": code, "ret_msg": message}

    @property
    def takes_codes(self) -> bool:
        return self._replies

    def _query(self, template: str, told: Mapping[str, Any]) -> str:
        pairs = [pair.partition("=") for pair in template.split("&") if pair]
        asked = [(name, self._filled(value, told)) for name, _, value in pairs]
        return "&".join(f"{quote(name, safe=':.')}={quote(value, safe='')}" for name, value in asked if value)

    def _filled(self, template: str, told: Mapping[str, Any]) -> str:
        """ "": of what is not told everything is wanted.

        Raises:
            NothingAsked: a search without it would find everything.
        """
        for name in _slot_names(template):
            if told[name] in (None, "", []):
                if name != self._interaction.only:
                    raise NothingAsked(name)
                return ""
        return _SLOT.sub(lambda one: self._slot(one, told), template)

    def _slot(self, found: re.Match[str], told: Mapping[str, Any]) -> str:
        system, name, manner, detail = found.groups()
        if system:
            return self._words.system(system)
        value = told[name]
        if manner == "system":
            return self._words.system(f"{detail}{value}")
        if manner == "code":
            return CODES[detail].theirs[value]
        return ",".join(_text(one) for one in cast(list[Any], value)) if isinstance(value, list) else _text(value)

    def _row(self, read: Mapping[str, Any]) -> dict[str, Any]:
        row = {one.name: self._value(one, read.get(one.name)) for one in self.trade.answers}
        return row | {"ret_code": OK, "ret_msg": ""} if self._replies else row

    def _value(self, column: Column, value: Any) -> Any:
        if value is None:
            return None if self._replies else EMPTY.get(column.kind)
        return OF_KIND[column.kind](value)

    def _as_sent(self, row: dict[str, Any], told: Mapping[str, Any]) -> Row:
        """If-None-Exist answers what is there already, whatever that is."""
        other = [
            name for name in ("payment_no", "admission_no", "amount_fen") if row.get(name) not in (None, told.get(name))
        ]
        if row.get("state") in _GONE:
            return self.coded(EXPIRED, "the reference was given back")
        if other:
            return self.coded(OTHER_PAYMENT if other[0] == "payment_no" else OTHER_USE, f"another {other[0]}")
        return row


def speeches(file: str, trades: Iterable[Trade]) -> tuple[dict[str, Speech], Refusals]:
    """Of a mapping file, by names of trades, and what its refusals mean; "": as usual.

    Raises:
        ValueError: the file cannot be read, or names what is none of ours; the sentence says what.
    """
    known = {trade.name: trade for trade in trades}
    addresses = _addresses(Path(file)) if file else Addresses()
    strange = [*addresses.none, *addresses.at, *addresses.paths]
    wrong = {f"no trade {name}" for name in strange if name not in known}
    wrong |= {f"no code {code}" for code in addresses.codes.values() if code not in _CODES}
    if wrong:
        raise ValueError("the mapping file does not fit: " + "; ".join(sorted(wrong)))
    words = Words(addresses.base, addresses.systems, addresses.extensions)
    spoken = {
        name: Speech(trade, _adapted(INTERACTIONS[name], name, addresses), words)
        for name, trade in known.items()
        if name not in addresses.none
    }
    return spoken, Refusals(words, addresses.codes)


def _addresses(file: Path) -> Addresses:
    try:
        return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Addresses)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"the mapping file {file.name} cannot be read: {error}") from error


def _adapted(interaction: Interaction, name: str, addresses: Addresses) -> Interaction:
    shape, paths = interaction.answers, addresses.paths.get(name, {})
    for column in paths:
        if column not in shape.columns:
            raise ValueError(f"the mapping file does not fit: {name} has no column {column}")
    answers = msgspec.structs.replace(shape, columns={**shape.columns, **paths})
    return msgspec.structs.replace(interaction, at=addresses.at.get(name, interaction.at), answers=answers)


def _text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return str(value).translate(_ESCAPED)


_ENCODER = msgspec.json.Encoder(decimal_format="number")


def _slot_names(template: str) -> list[str]:
    return [found[1] for found in _SLOT.findall(template) if found[1]]
