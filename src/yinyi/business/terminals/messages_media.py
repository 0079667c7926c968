"""What it is that somebody holds against a terminal; how a hospital's media look."""

from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.terminals.media import MOST_CHARACTERS, Alphabet, Check, CodeKind, MediumKind, ReadBy
from yinyi.kernel.ids import WholeNumber

Length = Annotated[int, msgspec.Meta(ge=1, le=MOST_CHARACTERS)]
Prefix = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]


class KindsOfCode(msgspec.Struct, frozen=True, kw_only=True):
    """scanned: something was. kinds: what it may be; several: whoever holds it has to say; none: it is unknown here."""

    scanned: bool
    kinds: list[CodeKind] = []


@operation(callers=[Caller.KIOSK])
class ClassifyCode(Operation[KindsOfCode], frozen=True, kw_only=True):
    """What kind of code the scanner has read last, if that was after ``after`` and within the last minute. Nothing of
    the code itself is told, and it stays for whoever takes it."""

    after: WholeNumber


class ScannedNumber(msgspec.Struct, frozen=True, kw_only=True):
    """Empty: nothing was scanned, or no hospital number."""

    number: str = ""


@operation(callers=[Caller.KIOSK])
class ReadHospitalNumber(Operation[ScannedNumber], frozen=True, kw_only=True):
    """The hospital number that the scanner has read last, if that was after ``after``: to be filled in where it would
    have been typed. It proves nothing, as a typed one does not."""

    after: WholeNumber


class MediumRuleView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers that begin with one of ``prefixes`` (none: with anything), are so long and made of these characters;
    check: the last one follows from the others."""

    prefixes: Annotated[list[Prefix], msgspec.Meta(max_length=64)] = []
    alphabet: Alphabet = "digits"
    least: Length
    most: Length
    check: Check = ""


Rules = Annotated[list[MediumRuleView], msgspec.Meta(max_length=16)]


class MediumView(msgspec.Struct, frozen=True, kw_only=True):
    """own: the hospital has said so; otherwise the usual rules, or what the lines to banks say of their cards."""

    kind: MediumKind
    read_by: ReadBy
    own: bool
    rules: list[MediumRuleView]


class MediaTable(msgspec.Struct, frozen=True, kw_only=True):
    """Of every kind."""

    media: list[MediumView]


@operation(callers=[Caller.STAFF])
class ListMedia(Operation[MediaTable], frozen=True, kw_only=True):
    """How documents, cards and codes are told apart at this hospital's terminals."""


@operation(callers=[Caller.STAFF], changes=True)
class SetMedium(Operation[MediaTable], frozen=True, kw_only=True):
    """Say how the hospital's media of one kind look. No rule at all: it takes none of this kind. ``usual``: forget what
    was said before. Documents are read by their chips whatever is said here, and then taken or sent to a window; of
    cards only counts how they begin."""

    kind: MediumKind
    rules: Rules = msgspec.field(default_factory=list[MediumRuleView])
    usual: bool = False
