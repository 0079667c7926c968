"""A hospital with two banks on lines of their own: one with keys by X9.19, one with a secret by HMAC-SM3."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import count

from bank_terminal import BankTerminal, hmac_sm3, under, x9_19
from holder_stage import HolderStage, InProcess, store_of
from line_stage import HOSPITAL

from yinyi.app.institution_keys import slot_of
from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.business.institutions.model import Institution
from yinyi.business.lines import key_rows
from yinyi.business.lines.key_rows import Loaded
from yinyi.interface.metrics import Metrics
from yinyi.interface.socket.server import Socket
from yinyi.wire import gb11643
from yinyi.wire.key_entry import context_of, seal

ICBC = Institution(hospital_id=1, institution_id="icbc", kind="bank", name="工商银行")
CCB = Institution(hospital_id=1, institution_id="ccb", kind="bank", name="建设银行")
HALVES = (bytes(range(16)), bytes(range(100, 116)))
MASTER = bytes(a ^ b for a, b in zip(*HALVES, strict=True))
SESSION_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
BROUGHT = dict(zip(("mac_key", "check_value"), under(MASTER, SESSION_KEY), strict=True))

_born_that_day = count(26, 2)


def somebody() -> dict[str, str]:
    """Who was never here before, whatever ran before; as banks say who it is."""
    number = gb11643.number_of("510199", date(1988, 5, 1), next(_born_that_day))
    return {"by": "document", "number": number, "name": "欧阳若兮"}


@dataclass
class BankHall:
    """``icbc`` and ``ccb`` are connected, and have not signed on."""

    stage: HolderStage
    port: int
    secret: str
    icbc: BankTerminal = field(init=False)
    ccb: BankTerminal = field(init=False)
    terminals: list[BankTerminal] = field(default_factory=list[BankTerminal])

    def __post_init__(self) -> None:
        self.icbc, self.ccb = self._icbc(), self._ccb()

    async def another(self, of: str = "ccb") -> BankTerminal:
        """One more terminal of this bank, signed on."""
        fresh = await self.connected(self._icbc() if of == "icbc" else self._ccb())
        assert (await fresh.sign_on(**(BROUGHT if of == "icbc" else {}))).code == "OK"
        return fresh

    async def connected(self, terminal: BankTerminal) -> BankTerminal:
        """Until the end of the story, unless it hangs up itself."""
        await terminal.connect(self.port)
        self.terminals.append(terminal)
        return terminal

    def _icbc(self) -> BankTerminal:
        return BankTerminal("icbc", "X9.19", partial(x9_19, SESSION_KEY), self.stage.line.clock.now)

    def _ccb(self) -> BankTerminal:
        mac = partial(hmac_sm3, self.secret)
        return BankTerminal("ccb", "FRAME-HMAC-SM3", mac, self.stage.line.clock.now, digits=4, as_xml="GB18030")


async def load_master_key(stage: HolderStage) -> None:
    """Of icbc. By two people, each a half."""
    store, slot, now = store_of(stage.line), slot_of("icbc"), stage.line.clock.now()
    entry = await store.entry_key()
    halves = [
        await store.seal_component(
            slot, part, seal(entry, context_of(str(slot), part), half), bytes.fromhex(under(half, half)[1])
        )
        for part, half in enumerate(HALVES, 1)
    ]
    tmk = await store.combine(slot, *halves)
    async with stage.line.database.transaction() as tx:
        await key_rows.first_in_use(tx, HOSPITAL, await store.master_key_id(), now)
        await key_rows.put_tmk(tx, HOSPITAL, slot, tmk, Loaded(now, "W1", ("W1", "W2")))


@asynccontextmanager
async def bank_hall(stage: HolderStage) -> AsyncGenerator[BankHall]:
    clock = stage.line.clock
    await load_master_key(stage)
    async with stage.line.database.transaction() as tx:
        await stage.business.institutions.add(tx, ICBC, "FRAME-HMAC-SHA256", clock.now())
        secret = await stage.business.institutions.add(tx, CCB, "FRAME-HMAC-SM3", clock.now())
    bus = BusClient(InProcess(stage.business.dispatcher), Caller.INSTITUTION.value, clock)
    socket = Socket(bus, Metrics(), clock, Caller.INSTITUTION)
    port = await socket.listen("127.0.0.1", 0)
    hall = BankHall(stage, port, secret)
    for terminal in (hall.icbc, hall.ccb):
        await hall.connected(terminal)
    try:
        yield hall
    finally:
        for terminal in hall.terminals:
            await terminal.hang_up()
        await socket.close()
