"""What staff ask about keys of the bank line. No request and no reply carries a key that anybody could read."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.lines.errors import (
    ComponentsMissing,
    ComponentTaken,
    KeyDoesNotOpen,
    KeyRefused,
    MasterKeyNotInUse,
    NoNewMasterKey,
)
from yinyi.business.lines.key_model import KeyPurpose
from yinyi.business.lines.model import Acquirer, MerchantNo, TerminalNo
from yinyi.kernel.errors import SecondPersonNeeded

CheckValue = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Fa-f]{8}(?![\s\S])")]
SLOTS_AT_ONCE = 200


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key that is loaded. ``check_value``: 8 hexadecimal digits. ``first_by``, ``second_by``: the custodians."""

    purpose: KeyPurpose
    check_value: str
    master_key_id: str
    loaded_at: datetime
    loaded_by: str
    first_by: str = ""
    second_by: str = ""


class SlotKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of one session."""

    acquirer: str
    merchant_no: str
    terminal_no: str
    keys: list[KeyView]


class ComponentView(msgspec.Struct, frozen=True, kw_only=True):
    """Half of a TMK that somebody has entered."""

    part: int
    check_value: str
    entered_by: str
    entered_at: datetime
    expires_at: datetime


class KeyLoading(msgspec.Struct, frozen=True, kw_only=True):
    """How far the loading of a TMK is. ``components``: what waits. ``combined``: the check value of both together, to
    be compared with the bank's letter; empty until both are there. ``loaded``: the check value of the TMK that this
    slot has, or empty."""

    acquirer: str
    merchant_no: str
    terminal_no: str
    components: list[ComponentView]
    combined: str = ""
    loaded: str = ""


class KeyInventory(msgspec.Struct, frozen=True, kw_only=True):
    """What is loaded. ``more``: there are slots behind the last one. ``master_key_id``: the newest that is here;
    ``in_use``: those that keys are under; ``not_opening``: of these, what cannot be used here. ``entry_key``: what a
    component is sealed to where it is typed."""

    slots: list[SlotKeys]
    more: bool
    waiting: list[KeyLoading]
    master_key_id: str
    in_use: list[str]
    not_opening: list[str]
    entry_key: bytes


class KeyRotation(msgspec.Struct, frozen=True, kw_only=True):
    """``master_key_id``: what keys are under from now on. ``in_use``: as long as there are others, ask again."""

    master_key_id: str
    in_use: list[str]


@operation(callers=[Caller.STAFF])
class KeyStatus(Operation[KeyInventory], frozen=True, kw_only=True):
    """Which keys are loaded, where, by whom: of all slots, or of those that are named; behind a slot, where all its
    three words are given."""

    acquirer: Acquirer | Literal[""] = ""
    merchant_no: MerchantNo | Literal[""] = ""
    terminal_no: TerminalNo | Literal[""] = ""
    after_acquirer: str = ""
    after_merchant_no: str = ""
    after_terminal_no: str = ""


@operation(
    callers=[Caller.STAFF],
    changes=True,
    by_person=True,
    errors=(KeyRefused, SecondPersonNeeded, ComponentTaken, MasterKeyNotInUse, KeyDoesNotOpen),
)
class LoadKeyComponent(Operation[KeyLoading], frozen=True, kw_only=True):
    """One custodian's half of a session's TMK, sealed to the entry key where it was typed, and the check value from his
    letter. Two people enter one each, by whatever account. Entering it again replaces one's own. Nothing is loaded
    before ``ConfirmKey``."""

    acquirer: Acquirer
    merchant_no: MerchantNo
    terminal_no: TerminalNo
    part: Literal[1, 2]
    entry: Annotated[bytes, msgspec.Meta(min_length=48, max_length=256)]
    check_value: CheckValue


@operation(
    callers=[Caller.STAFF],
    changes=True,
    errors=(KeyRefused, ComponentsMissing, SecondPersonNeeded, MasterKeyNotInUse, KeyDoesNotOpen),
)
class ConfirmKey(Operation[KeyLoading], frozen=True, kw_only=True):
    """The check value of the whole key, as the bank's letter says it. If it is the one of both components together, the
    TMK is loaded and the components are deleted; if not, nothing is."""

    acquirer: Acquirer
    merchant_no: MerchantNo
    terminal_no: TerminalNo
    check_value: CheckValue


@operation(callers=[Caller.STAFF], changes=True)
class DiscardKeyComponents(Operation[KeyLoading], frozen=True, kw_only=True):
    """Forget what was entered for this slot and is not loaded yet."""

    acquirer: Acquirer
    merchant_no: MerchantNo
    terminal_no: TerminalNo


@operation(callers=[Caller.STAFF], changes=True, errors=(KeyDoesNotOpen, NoNewMasterKey))
class RotateKeys(Operation[KeyRotation], frozen=True, kw_only=True):
    """Wrap everything under a newer master key, which is made where that is possible; the one before is forgotten once
    nothing is under it. One that was interrupted goes on. Many keys take more than one request."""
