"""The sandbox bank as the far side of its connector, for the conformance kit."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.far_side import Line, Place
from yinyi_sandbox.bank.cards import CARDS
from yinyi_sandbox.bank.credentials import MERCHANTS, TERMINALS
from yinyi_sandbox.bank.faults import Fault
from yinyi_sandbox.bank.keys import new_key
from yinyi_sandbox.bank.model import Kind, Session
from yinyi_sandbox.bank.papers import own_file, shown_file
from yinyi_sandbox.bank.sandbox import Bank, Pace, Tls

_ACQUIRER, _HOST = "bank", "bank.example"
_MERCHANT_NO = MERCHANTS["outpatient"][0]
_TERMINAL_NO = TERMINALS[0]
_RICH = CARDS[0]
_PATIENT_S, _HASTY_S = 10.0, 0.3
_UNDECIDED = "98"
_FAULTS = {
    "wrong_mac": "wrong_mac",
    "no_mac": "no_mac",
    "wrong_amount": "wrong_amount",
    "another_terminal": "foreign",
    "undecided": "code",
}


class FarBank:
    """One merchant's terminal, and somebody with a card that has money."""

    acquirer = _ACQUIRER
    merchant_no = _MERCHANT_NO
    terminal_no = _TERMINAL_NO
    pan, pin = _RICH.pan, _RICH.pin

    def __init__(self, bank: Bank, tmk: bytes, dialect: str, line: Line, other: Line, own: str, another: str) -> None:
        """other: a second way to the same address. own: the papers of the second address, which speaks TLS; another:
        somebody else's."""
        self._bank = bank
        self._dialect = dialect
        self.tmk = tmk
        self.line = line
        self.settings: dict[str, Any] = {"acquirers": self._acquirers(_PATIENT_S), "merchants": _merchants()}
        self.hasty: dict[str, Any] = {"acquirers": self._acquirers(_HASTY_S)}
        two = [{"host": "127.0.0.1", "port": each.port} for each in (line, other)]
        self.two_addresses: dict[str, Any] = {"acquirers": self._acquirers(_PATIENT_S, two)}
        self.within_tls = self._sealed(own)
        self.another_certificate = self._sealed(another)

    def balance_fen(self) -> int:
        card = self._bank.store.card(self.pan)
        assert card is not None, "nobody takes it away"
        return card.balance_fen

    def answers(self, at: Kind, wrong: str) -> None:
        kind = "cannot_say" if at == "settle" else _FAULTS[wrong]
        self._bank.faults.add(Fault(at=at, kind=kind, code=_UNDECIDED))

    async def calm(self) -> None:
        self._bank.faults.clear()

    def _sealed(self, papers: str) -> dict[str, Any]:
        """What is believed is the certificate in these."""
        where = {"host": "127.0.0.1", "port": self._bank.lines[f"{self._dialect}-2"].port}
        named = {**where, "tls_name": _HOST, "tls_ca_file": shown_file(papers)}
        return {"acquirers": self._acquirers(_PATIENT_S, [named])}

    def _acquirers(self, answer_timeout_s: float, addresses: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        where = list(addresses) or [{"host": "127.0.0.1", "port": self.line.port}]
        told = {"profile": self._dialect, "addresses": where, "reconnect_s": [0.05]}
        return {_ACQUIRER: {**told, "answer_timeout_s": answer_timeout_s}}


def _papers(folder: Path) -> str:
    folder.mkdir()
    return own_file(folder, _HOST, ShiftedClock().now())


def _merchants() -> dict[str, Any]:
    shown = {"scope": "outpatient", "display_name": MERCHANTS["outpatient"][1], "cards": ["bank"]}
    return {"outpatient": {"acquirer": _ACQUIRER, "merchant_no": _MERCHANT_NO, **shown}}


@asynccontextmanager
async def far_side(place: Place, dialect: str = "cup_pos", pace: Pace | None = None) -> AsyncGenerator[FarBank]:
    """In either of its dialects."""
    tmk = new_key()
    own, another = (_papers(place.folder / whose) for whose in ("own", "another"))
    pace = msgspec.structs.replace(pace or Pace(), tls=Tls(own_file=own, addresses=(2,)))
    bank = Bank([Session(merchant_no=_MERCHANT_NO, terminal_no=_TERMINAL_NO, tmk=tmk)], place.clock, pace=pace)
    await bank.start()
    try:
        line, other = [await place.line(bank.lines[f"{dialect}-1"].port) for _ in range(2)]
        yield FarBank(bank, tmk, dialect, line, other, own, another)
    finally:
        await bank.stop()
