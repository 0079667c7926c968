"""The lines to acquirers of cards: what settings say of them, the sessions on them, and which card goes where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from yinyi.app.demo_hospital import HOSPITAL_ID, ZONE
from yinyi.app.errors import CannotStart
from yinyi.bus.database import Database
from yinyi.business.lines import key_rows, session_store
from yinyi.business.lines.card_vault import CardVault
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.key_ports import KeyStore
from yinyi.business.lines.line_means import LineMeans
from yinyi.business.lines.session_ports import Acquirer
from yinyi.business.lines.sessions import PosSessions
from yinyi.business.payments.card_kinds import CardKind, CardKinds
from yinyi.business.payments.cards import USUAL_PACE, CardLine, Compared, SealedCards
from yinyi.business.payments.rules import CardPace, pace_of
from yinyi.kernel.clock import Clock
from yinyi.kernel.secrets import Vault
from yinyi.wire.key_entry import context_of, seal


@dataclass(frozen=True)
class Account:
    """A merchant number of the hospital at an acquirer: for this scope, and for cards of these channels."""

    acquirer: str
    merchant_no: str
    scope: str
    name: str
    channels: tuple[str, ...]


@dataclass(frozen=True)
class BankLines:
    """``connector`` is started and stopped; without lines there is none. terminals: numbers that are free for new
    terminals. keys_file: see ``load_letters``. kinds: which cards are which, by channel."""

    connector: Any = None
    acquirers: Mapping[str, Acquirer] = field(default_factory=dict[str, Acquirer])
    accounts: Sequence[Account] = ()
    terminals: Sequence[str] = ()
    keys_file: str = ""
    kinds: CardKinds = field(default_factory=dict[str, CardKind])

    def merchants(self) -> dict[tuple[str, str], str]:
        """By scope and channel."""
        return {(each.scope, channel): each.merchant_no for each in self.accounts for channel in each.channels}

    def scopes(self) -> dict[tuple[str, str], str]:
        """What each merchant number stands for, by acquirer and number."""
        return {(each.acquirer, each.merchant_no): each.scope for each in self.accounts}


NO_LINES = BankLines()


class Component(msgspec.Struct, frozen=True):
    component: str
    check_value: str


class KeyLetter(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank sends for one terminal of one merchant number: a master key in two halves, hexadecimal."""

    acquirer: str
    merchant_no: str
    terminal_no: str
    components: tuple[Component, Component]
    check_value: str


def bank_lines(connector: Any, config: Any) -> BankLines:
    """Of the connector's settings; a card of kind ``bank`` is paid with as ``bank_card``, and so on."""
    accounts = [
        Account(
            acquirer=each.acquirer,
            merchant_no=each.merchant_no,
            scope=each.scope,
            name=each.display_name,
            channels=tuple(f"{card}_card" for card in each.cards),
        )
        for each in config.merchants.values()
    ]
    kinds = {f"{name}_card": CardKind(each.prefixes, each.asks_pin) for name, each in config.card_kinds.items()}
    return BankLines(connector, connector.acquirers, accounts, config.terminals, config.keys_file, kinds)


def pos_sessions(database: Database, lines: BankLines, keys: KeyStore, vault: Vault, clock: Clock) -> PosSessions:
    return PosSessions(LineMeans(database, lines.acquirers, keys, CardVault(vault), clock, ZONE, HOSPITAL_ID))


def card_lines(lines: BankLines, sessions: PosSessions, vault: Vault, compared: Compared) -> dict[str, CardLine]:
    """By channel: the route of each kind of card."""
    routes = {channel: each.acquirer for each in lines.accounts for channel in each.channels}
    cards = SealedCards(vault)
    return {
        channel: CardLine(
            channel,
            acquirer,
            sessions,
            cards,
            ZONE,
            takes_stripe=lines.acquirers[acquirer].habits.takes_stripe,
            pace=pace_of(lines.acquirers[acquirer], CardPace) or USUAL_PACE,
            compared=compared,
        )
        for channel, acquirer in routes.items()
    }


async def put_on_record(
    database: Database, lines: BankLines, keys: KeyStore, terminal_id: str, terminal_no: str, clock: Clock
) -> None:
    """The sessions of a terminal, one for each merchant number; their master keys from the letters that are there.

    Raises:
        CannotStart: the letters cannot be read.
    """
    letters = {(each.acquirer, each.merchant_no, each.terminal_no): each for each in _letters(lines.keys_file)}
    now = clock.now()
    async with database.transaction() as tx:
        for account in lines.accounts:
            slot = PosSession(account.acquirer, account.merchant_no, terminal_no)
            await session_store.add(tx, HOSPITAL_ID, slot, account.scope, terminal_id, account.name)
            letter = letters.get((slot.acquirer, slot.merchant_no, slot.terminal_no))
            if letter is None:
                continue
            tmk = await keys.combine(slot, *[await _sealed(keys, slot, letter, part) for part in (1, 2)])
            await key_rows.first_in_use(tx, HOSPITAL_ID, tmk.master_key_id, now)
            loaded = key_rows.Loaded(at=now, by="first start", custodians=("letter 1", "letter 2"))
            await key_rows.put_tmk(tx, HOSPITAL_ID, slot, tmk, loaded)


async def _sealed(keys: KeyStore, slot: PosSession, letter: KeyLetter, part: int) -> Any:
    half = letter.components[part - 1]
    entry = seal(await keys.entry_key(), context_of(str(slot), part), bytes.fromhex(half.component))
    return await keys.seal_component(slot, part, entry, bytes.fromhex(half.check_value))


def _letters(path: str) -> list[KeyLetter]:
    """The sandbox's bank writes its letters into a file, 0600. A real bank's are on paper: ``yinyi keys load``."""
    if not path:
        return []
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=list[KeyLetter])
    except (OSError, msgspec.DecodeError) as error:
        raise CannotStart(f"The letters {path} cannot be read: {error}.") from error
