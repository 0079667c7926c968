"""Merchants, terminals and their master keys, made once; the bank's letter with them, and the connector's settings."""

from pathlib import Path

import msgspec

from yinyi.wire.iso8583.des import check_value, xor
from yinyi_sandbox.bank.keys import new_key
from yinyi_sandbox.bank.model import CardKind, Session
from yinyi_sandbox.channel.key_files import write

_BANK: tuple[CardKind, ...] = ("bank", "social_security")
MERCHANTS: dict[str, tuple[str, str, tuple[CardKind, ...], str]] = {
    "outpatient": ("898999900000001", "示范医院门诊 Demo Hospital Outpatients", _BANK, "bank"),
    "inpatient": ("898999900000002", "示范医院住院 Demo Hospital Inpatients", _BANK, "bank"),
    "public_outpatient": ("898999900000003", "示范医院门诊市民卡 Demo Hospital Outpatients", ("public",), "public"),
    "public_inpatient": ("898999900000004", "示范医院住院市民卡 Demo Hospital Inpatients", ("public",), "public"),
}
"""Name: (merchant number, what is shown, which cards, through which acquirer)."""
TERMINALS = tuple(f"8000000{number}" for number in range(1, 9))
PROFILE_OF = {"bank": "cup_pos", "public": "cup_ascii"}
"""In which dialect each acquirer is spoken to. Either speaks both."""


class Component(msgspec.Struct, frozen=True):
    """A half of a master key, as one of two custodians gets it in a letter. Hexadecimal."""

    component: str
    check_value: str


class KeyLetter(msgspec.Struct, frozen=True, kw_only=True):
    """What the bank sends for one terminal of one merchant; check_value: of the key that the halves make."""

    acquirer: str
    merchant_no: str
    terminal_no: str
    components: tuple[Component, Component]
    check_value: str

    def key(self) -> bytes:
        first, second = (bytes.fromhex(half.component) for half in self.components)
        return xor(first, second)


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """tls_name: under which the bank shows its certificate, tls_ca_file: that; empty: without TLS."""

    host: str
    port: int
    tls_name: str = ""
    tls_ca_file: str = ""


class TriesTold(msgspec.Struct, frozen=True):
    """How the connector reads what this bank says of a wrong PIN; see ``rules``."""

    field: int
    like: str


class Acquirer(msgspec.Struct, frozen=True, kw_only=True):
    """addresses: two, for one to take over from the other."""

    profile: str
    addresses: tuple[Address, ...]
    tries_told: TriesTold | None = None


class MerchantAccount(msgspec.Struct, frozen=True, kw_only=True):
    acquirer: str
    merchant_no: str
    scope: str
    display_name: str
    cards: tuple[CardKind, ...]


class Beginnings(msgspec.Struct, frozen=True, kw_only=True):
    """How the numbers of a kind of card begin, and whether its issuer wants a PIN."""

    prefixes: tuple[str, ...]
    asks_pin: bool = True


CARD_KINDS: dict[CardKind, Beginnings] = {
    "bank": Beginnings(prefixes=("62",)),
    "public": Beginnings(prefixes=("99900",), asks_pin=False),
    "social_security": Beginnings(prefixes=("629993",)),
}


class ConnectorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the bank tells the hospital's connector. keys_file: ``KeyLetter``s. clearing_url: where each day's file is,
    ``…/MERCHANT/DATE``."""

    acquirers: dict[str, Acquirer]
    merchants: dict[str, MerchantAccount]
    card_kinds: dict[CardKind, Beginnings]
    terminals: tuple[str, ...]
    keys_file: str
    clearing_url: str


TRIES_TOLD = TriesTold(63, "还可试([0-9])次")


def key_letters(directory: Path) -> list[KeyLetter]:
    """Those of the demo's merchants and terminals, made if there are none; the file is 0600."""
    file = keys_file(directory)
    if not file.exists():
        places = [(each[3], each[0], terminal_no) for each in MERCHANTS.values() for terminal_no in TERMINALS]
        letters = [letter_for(*place, new_key()) for place in places]
        write(file, msgspec.json.format(msgspec.json.encode(letters)))
    return msgspec.json.decode(file.read_bytes(), type=list[KeyLetter])


def keys_file(directory: Path) -> Path:
    return directory.resolve() / "key_letters.json"


def letter_for(acquirer: str, merchant_no: str, terminal_no: str, tmk: bytes) -> KeyLetter:
    """The key in two halves, of which neither tells anything of it."""
    first = new_key(len(tmk))
    return KeyLetter(
        acquirer=acquirer,
        merchant_no=merchant_no,
        terminal_no=terminal_no,
        components=(_component(first), _component(xor(tmk, first))),
        check_value=_check(tmk),
    )


def sessions_of(letters: list[KeyLetter]) -> list[Session]:
    """As the bank knows them before anybody has signed on."""
    accepts = {merchant_no: cards for merchant_no, _, cards, _ in MERCHANTS.values()}
    return [
        Session(
            merchant_no=letter.merchant_no,
            terminal_no=letter.terminal_no,
            tmk=letter.key(),
            accepts=accepts.get(letter.merchant_no, _BANK),
        )
        for letter in letters
    ]


def write_settings(
    path: Path,
    directory: Path,
    addresses: dict[str, tuple[str, ...]],
    clearing_url: str,
    *,
    tls_name: str = "",
    tls_ca_file: str = "",
) -> None:
    """addresses: by profile. tls_name, tls_ca_file: of all of them."""
    settings = ConnectorSettings(
        acquirers={
            name: Acquirer(
                profile=profile,
                addresses=tuple(_address(each, tls_name, tls_ca_file) for each in addresses[profile]),
                tries_told=TRIES_TOLD if profile == "cup_pos" else None,
            )
            for name, profile in PROFILE_OF.items()
        },
        merchants={
            name: MerchantAccount(
                acquirer=acquirer,
                merchant_no=number,
                scope=name.removeprefix("public_"),
                display_name=shown,
                cards=cards,
            )
            for name, (number, shown, cards, acquirer) in MERCHANTS.items()
        },
        card_kinds=CARD_KINDS,
        terminals=TERMINALS,
        keys_file=str(keys_file(directory)),
        clearing_url=clearing_url,
    )
    write(path, msgspec.json.format(msgspec.json.encode(settings)))


def _address(text: str, tls_name: str, tls_ca_file: str) -> Address:
    host, _, port = text.rpartition(":")
    return Address(host, int(port), tls_name, tls_ca_file)


def _component(half: bytes) -> Component:
    return Component(half.hex().upper(), _check(half))


def _check(key: bytes) -> str:
    return check_value(key).hex().upper()
