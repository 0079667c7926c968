"""A bank on real sockets for one test, terminals that know nothing of our codec, and its books."""

import contextlib
import csv
import io
import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from bank_dialects import DIALECTS, Dialect, Doc
from bank_peer import PeerClient
from wechatpay_lab import MovingClock, serving

from yinyi_sandbox.bank.app import app
from yinyi_sandbox.bank.cards import CARDS
from yinyi_sandbox.bank.faults import Fault
from yinyi_sandbox.bank.model import Kind, Movement, Session
from yinyi_sandbox.bank.sandbox import Bank, Pace

OUTPATIENT, INPATIENT, PUBLIC = "898999900000001", "898999900000002", "898999900000003"
TERMINAL = "80000001"
TMKS = {
    OUTPATIENT: bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"),
    INPATIENT: bytes.fromhex("89ABCDEF0123456776543210FEDCBA98"),
    PUBLIC: bytes.fromhex("1032547698BADCFEEFCDAB8967452301"),
}
RICH, POOR, PUBLIC_CARD, SOCIAL = CARDS


@dataclass
class Lab:
    """One bank in one dialect."""

    bank: Bank
    clock: MovingClock
    dialect: Dialect
    clients: list[PeerClient] = field(default_factory=list[PeerClient])

    def fault(self, at: Kind, kind: str, *, count: int = 1, ms: int = 0, code: str = "96") -> None:
        self.bank.faults.add(Fault(at=at, kind=kind, count=count, ms=ms, code=code))

    async def terminal(self, merchant_no: str = OUTPATIENT, *, line: int = 1, signed_on: bool = True) -> PeerClient:
        client = PeerClient(self.dialect, merchant_no, TERMINAL, TMKS[merchant_no])
        await client.connect(self.port(line))
        self.clients.append(client)
        if signed_on:
            assert (await client.sign_on())["39"] == "00"
        return client

    def port(self, line: int = 1) -> int:
        return self.bank.lines[f"{self.dialect.name}-{line}"].port

    def balance(self, pan: str = RICH.pan) -> int:
        card = self.bank.store.card(pan)
        assert card
        return card.balance_fen

    def movement(self, doc: Doc) -> Movement | None:
        return self.bank.store.movement_at(doc["42"], doc["41"], int(doc["60"][2:8]), int(doc["11"]))


@contextlib.asynccontextmanager
async def lab(dialect: str = "cup_pos", path: Path | None = None, pace: Pace | None = None) -> AsyncGenerator[Lab]:
    clock = MovingClock()
    bank = bank_of(clock, path, pace)
    await bank.start()
    it = Lab(bank, clock, DIALECTS[dialect])
    try:
        yield it
    finally:
        for client in it.clients:
            client.close()
        await bank.stop()


def bank_of(clock: MovingClock, path: Path | None = None, pace: Pace | None = None) -> Bank:
    """Three merchants, one terminal of each."""
    sessions = [
        Session(
            merchant_no=merchant_no,
            terminal_no=TERMINAL,
            tmk=tmk,
            accepts=("public",) if merchant_no == PUBLIC else ("bank", "social_security"),
        )
        for merchant_no, tmk in TMKS.items()
    ]
    return Bank(sessions, clock, path, pace)


@contextlib.asynccontextmanager
async def control(bank: Bank) -> AsyncGenerator[httpx.AsyncClient]:
    """The bank's control by HTTP; it starts and stops the bank."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with (
            serving(app(bank), listener),
            httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=20) as client,
        ):
            yield client


def cleared(text: str) -> tuple[list[dict[str, str]], list[str]]:
    """The lines of a clearing file, and its sums."""
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[-1][0] == "TOTAL"
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:-1]], rows[-1][1:]
