"""POS sessions through the connector to the sandbox's bank, on real sockets in the event loop of
the product; the PIN pad is a test's own."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from bank_lab import INPATIENT, OUTPATIENT, PUBLIC, RICH, TERMINAL, TMKS, Lab, cleared, lab
from line_stage import HOSPITAL, ZONE, session_with

from yinyi.access.keys.software.config import Settings as KeySettings
from yinyi.access.keys.software.plugin import SoftwareKeyStore
from yinyi.access.payment.unionpay.config import Address, Settings
from yinyi.access.payment.unionpay.plugin import UnionPay
from yinyi.bus.database import Database, open_database
from yinyi.business.lines.card_vault import CardVault
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.line_means import LineMeans
from yinyi.business.lines.session_model import Card, LineAnswer, PinKey
from yinyi.business.lines.sessions import PosSessions
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import Surroundings
from yinyi.kernel.secrets import Vault
from yinyi.wire.iso8583.des import decrypt_ecb
from yinyi.wire.iso8583.pin import encrypt_pin_block
from yinyi_sandbox.bank.clearing import clearing_file
from yinyi_sandbox.bank.sandbox import Pace

BANK = "bank"
SCOPES = {OUTPATIENT: "outpatient", INPATIENT: "inpatient", PUBLIC: "public_card"}
FIRST_HALF = bytes(range(0x10, 0x20))


@dataclass
class Hall:
    """One platform, one terminal of two merchants and of the public card's, one bank."""

    bank: Lab
    database: Database
    means: LineMeans
    connector: UnionPay
    sessions: PosSessions
    by_merchant: dict[str, int]

    async def card(self, merchant_no: str = OUTPATIENT, pan: str = RICH.pan, pin: str = RICH.pin) -> Card:
        """As the reader and the pad give it: the pad has the TMK and gets the PIK of this very session."""
        shown = Card(pan=pan, entry_mode="chip", sequence_no="001", chip_data=bytes.fromhex("9F2608AB"))
        if not pin:
            return shown
        wrapped = await self.sessions.pin_key(BANK, self.by_merchant[merchant_no])
        assert isinstance(wrapped, PinKey), wrapped
        block = encrypt_pin_block(decrypt_ecb(TMKS[merchant_no], wrapped.key), pin, pan)
        return msgspec.structs.replace(shown, pin_block=block, pin_key_check=wrapped.check_value)

    async def buy(
        self, reference: str, amount_fen: int = 5000, *, merchant_no: str = OUTPATIENT, card: Card | None = None
    ) -> LineAnswer:
        shown = card or await self.card(merchant_no)
        at = self.by_merchant[merchant_no]
        return await self.sessions.purchase(BANK, at, reference, Fen(amount_fen), shown)

    def amounts(self, merchant_no: str = OUTPATIENT) -> list[int]:
        """Of the merchant's clearing file of today."""
        day = self.bank.bank.days.today()
        text = clearing_file(merchant_no, day, self.bank.bank.store.movements_on(merchant_no, day))
        return [int(each["amount_fen"]) for each in cleared(text)[0]]

    async def state(self, reference: str) -> str | None:
        found = await self.sessions.standing(reference)
        return found.state if found else None


@asynccontextmanager
async def hall(url: str, folder: Path, dialect: str, pace: Pace | None = None, **more: Any) -> AsyncGenerator[Hall]:
    async with lab(dialect, pace=pace) as bank:
        addresses = tuple(Address(host="127.0.0.1", port=bank.port(line)) for line in (1, 2))
        given: dict[str, Any] = {"answer_timeout_s": 0.4, "reversal_every_s": 0.0, "reconnect_s": (0.05,)} | more
        around = Surroundings(clock=bank.clock, callback_url="", secrets=folder)
        connector = UnionPay(Settings(name=BANK, profile=dialect, addresses=addresses, **given), around)
        store = SoftwareKeyStore(KeySettings(), around)
        database = await open_database(url, size=4)
        vault = CardVault(Vault({1: bytes(32)}, bytes(32)))
        means = LineMeans(database, {BANK: connector}, store, vault, bank.clock, ZONE, HOSPITAL)
        await connector.start()
        try:
            by_merchant = {
                merchant_no: await session_with(
                    means, store, PosSession(BANK, merchant_no, TERMINAL), SCOPES[merchant_no], _halves(tmk)
                )
                for merchant_no, tmk in TMKS.items()
            }
            yield Hall(bank, database, means, connector, PosSessions(means), by_merchant)
        finally:
            await connector.stop()
            await database.close()
            await store.stop()


def play(
    url: str,
    folder: Path,
    dialect: str,
    story: Callable[[Hall], Awaitable[None]],
    pace: Pace | None = None,
    **more: Any,
) -> None:
    async def whole() -> None:
        async with hall(url, folder, dialect, pace, **more) as it:
            await story(it)

    uvloop.run(whole())


def _halves(tmk: bytes) -> tuple[bytes, bytes]:
    return FIRST_HALF, bytes(a ^ b for a, b in zip(FIRST_HALF, tmk, strict=True))
