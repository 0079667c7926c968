"""Settings of a line to an acquirer of bank cards. What public material does not settle is a setting, marked (m)."""

import re
from typing import Literal

import msgspec

from yinyi.business.payments.rules import CardPace
from yinyi.wire.iso8583.cup_ascii import CUP_ASCII
from yinyi.wire.iso8583.cup_pos import CUP_POS
from yinyi.wire.iso8583.model import KeyBytes, MacAlgorithm, Profile

MOST_IN_BATCH = 950
_OF_PROFILE = (
    "mac", "pik_bytes", "mak_bytes", "padding", "answer_timeout_s", "reversal_tries", "reversal_every_s",
    "most_in_batch", "no_record_has_mac", "ends_balanced",
)  # fmt: skip
_PROFILES = {profile.name: profile for profile in (CUP_POS, CUP_ASCII)}


class Address(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """tls_name: the host's name in its certificate; empty: no TLS, for lines that are private anyway. tls_ca_file:
    whose certificates are believed; empty: the system's. tls_own_file: our certificate and its key, PEM, for hosts that
    ask for one."""

    host: str
    port: int
    tls_name: str = ""
    tls_ca_file: str = ""
    tls_own_file: str = ""


class TriesTold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the host says, with a wrong PIN (55), how many tries are left: the first group of ``like`` in this field
    (m). Hosts differ, and most say nothing."""

    field: Literal[44, 63]
    like: str


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of one acquirer. ``addresses``: one or two; the second is used while the first cannot be reached.

    name: the one that it has among the acquirers.

    profile: ``cup_pos`` or ``cup_ascii``. What is None below is as the profile has it: mac, pik_bytes and mak_bytes
    (how much of a delivered key is used; a PIK of 8 bytes is asked for with 60.3 = 001), padding, answer_timeout_s,
    reversal_tries, reversal_every_s, most_in_batch (at most 950), no_record_has_mac (that the host has no record
    of what is reversed is not believed without a MAC), ends_balanced (the end of a balanced batch is told, 60.3 = 207).
    tpdu: ten digits, of both addresses. operator_no: field 63.1.
    connect_timeout_s: of one address. reconnect_s: pauses between attempts, the last one repeats.
    send_within_s: so long waits a message for the line to come back before it is given up unsent; below 5, behind which
    its session may be somebody else's.
    silent_after: so many messages in a row without an answer, and the other address is tried.
    most_waiting: messages that wait for an answer at a time.
    keepalive_idle_s: TCP asks the other side after so long a silence whether it is there.
    takes_stripe: magnetic stripes are refused unless this says otherwise.
    mac_on_settlement: whether batch settlement and upload carry a MAC (m).
    card_class: of domestic cards in an upload (m).
    tries_told: where a wrong PIN's tries left are read; None: they are not told.
    pace: how often what became of a message is looked at.
    """

    name: str = ""
    profile: str = "cup_pos"
    addresses: tuple[Address, ...]
    mac: MacAlgorithm | None = None
    pik_bytes: KeyBytes | None = None
    mak_bytes: KeyBytes | None = None
    padding: Literal["0", "F"] | None = None
    answer_timeout_s: float | None = None
    reversal_tries: int | None = None
    reversal_every_s: float | None = None
    most_in_batch: int | None = None
    no_record_has_mac: bool | None = None
    ends_balanced: bool | None = None
    tpdu: str = "6000030000"
    operator_no: str = "01"
    connect_timeout_s: float = 3.0
    reconnect_s: tuple[float, ...] = (0.2, 0.5, 1, 2, 5, 10)
    send_within_s: float = 2.0
    silent_after: int = 3
    most_waiting: int = 2048
    keepalive_idle_s: int = 30
    takes_stripe: bool = False
    mac_on_settlement: bool = False
    card_class: str = "00"
    tries_told: TriesTold | None = None
    pace: CardPace = CardPace()


def profile_of(settings: Settings) -> Profile:
    """
    Raises:
        ValueError: there is no such profile, no or too many addresses, a batch that cannot be settled, or what a
            setting says is none; the text says which.
    """
    profile = _PROFILES.get(settings.profile)
    if profile is None:
        raise ValueError(f"there is no profile {settings.profile!r}; known are {', '.join(_PROFILES)}")
    if not 1 <= len(settings.addresses) <= 2:
        raise ValueError("a line has one address or two")
    if settings.most_in_batch is not None and not 1 <= settings.most_in_batch <= MOST_IN_BATCH:
        raise ValueError(f"most_in_batch is between 1 and {MOST_IN_BATCH}")
    changed = {name: value for name in _OF_PROFILE if (value := getattr(settings, name)) is not None}
    try:
        header = msgspec.structs.replace(profile.header, tpdu=bytes.fromhex(settings.tpdu))
    except ValueError as error:
        raise ValueError("the TPDU is not ten digits") from error
    if settings.tries_told is not None:
        try:
            groups = re.compile(settings.tries_told.like).groups
        except re.error as error:
            raise ValueError("tries_told.like is no regular expression") from error
        if groups != 1:
            raise ValueError("tries_told.like has not one group")
    return msgspec.structs.replace(profile, header=header, **changed)


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A merchant number at an acquirer, for one kind of the hospital's money.

    scope: ``outpatient`` or ``inpatient``. cards: which are taken there, ``bank``, ``social_security`` or ``public``.
    display_name: what the payer reads before he enters his PIN.
    """

    acquirer: str
    merchant_no: str
    scope: str
    display_name: str
    cards: tuple[str, ...]


class CardKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """prefixes: how the numbers of such cards begin (BIN); the longest one that fits any kind counts. asks_pin: False:
    its issuer wants none."""

    prefixes: tuple[str, ...]
    asks_pin: bool = True


def bank_cards_alone() -> dict[str, CardKind]:
    """Cards of UnionPay."""
    return {"bank": CardKind(prefixes=("62",))}


class LineSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All lines of a hospital to its acquirers.

    card_kinds: by ``bank``, ``social_security``, ``public``: which cards are which; bank cards begin with 62.
    terminals: numbers that the acquirer has given to terminals, for those that are put on record at a first start.
    keys_file: letters with components of master keys; the sandbox's bank writes one, real banks send paper.
    clearing_url: where each day's clearing file is, ``…/MERCHANT/DATE``.
    """

    acquirers: dict[str, Settings]
    merchants: dict[str, Account]
    card_kinds: dict[str, CardKind] = msgspec.field(default_factory=bank_cards_alone)
    terminals: tuple[str, ...] = ()
    keys_file: str = ""
    clearing_url: str = ""
