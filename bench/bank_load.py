"""Purchases through the connector alone, over one line, to a bank that decides and to one that knows its answers, and
frames through that line's own socket code to an echo.
"""

import asyncio
import gc
import os
import statistics
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from bench.bank_far import MERCHANTS, TERMINALS, FarSide, far_side, halves_of, tmk_of
from bench.figures import Figures
from yinyi.access.keys.software.config import Settings as KeySettings
from yinyi.access.keys.software.plugin import SoftwareKeyStore
from yinyi.access.payment.unionpay import messages
from yinyi.access.payment.unionpay.client import Line, Match
from yinyi.access.payment.unionpay.config import Address, Settings
from yinyi.access.payment.unionpay.plugin import UnionPay
from yinyi.app.serving import settle_memory
from yinyi.business.lines.key_model import HeldKey, PosSession, SealedComponent
from yinyi.business.lines.session_model import Approved, Card, Desk, NeverSent, SignedOn
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import Surroundings
from yinyi.wire.iso8583.codec import pack
from yinyi.wire.iso8583.cup_pos import CUP_POS
from yinyi.wire.iso8583.des import check_value, decrypt_ecb
from yinyi.wire.iso8583.pin import encrypt_pin_block
from yinyi.wire.key_entry import context_of, seal
from yinyi_sandbox.bank.cards import CARDS

BANK = "bank"
AT_ONCE = (1, 16, 64)
CASES = {**{f"at_{at_once}": (at_once, True) for at_once in AT_ONCE}, "on_one_cpu": (1, False)}
"""So many sessions at once; whether the sides have a processor each, as they have where the bank is. Left to itself the
system puts one kind of round on one processor and another kind on two, and to wake a second one takes longer than an
echo does."""
PAYER = CARDS[0]
ZONE = ZoneInfo("Asia/Shanghai")
_CHIP = bytes.fromhex("9F2608ABCDEF01234567899F2701809F101307010103A0A802010A010000000000AABBCCDD9F370411223344")
_PRICE = Fen(1)
_FULL, _QUICK = (192, 40), (128, 12)
"""So many purchases in a round, and so many rounds of each, by turns. Rates are those of the best; a ratio is that of
two neighbours, which the machine's other guests slow alike, and of these the middle one."""
_ECHOES = 3
"""For each purchase: so a round of either takes about as long, and a busy neighbour gets into both as often. A round is
short, because a longer one never finds both cores free on a machine that others work on."""

Ask = Callable[[], Coroutine[Any, Any, None]]


@dataclass
class Seen:
    """Of one far side at one number of sessions. Times in ms."""

    rates: list[float] = field(default_factory=list[float])
    cpu_us: list[float] = field(default_factory=list[float])
    far_cpu_us: list[float] = field(default_factory=list[float])
    """For each, of the processor: in this process, and at the far side."""
    times: list[float] = field(default_factory=list[float])

    def busier_us(self) -> float:
        """Of the side that takes more: with a core for each, it says how many there can be."""
        return max(min(self.cpu_us), min(self.far_cpu_us))

    def figures(self, what: str) -> Figures:
        p99 = statistics.quantiles(self.times, n=100)[98]
        return {
            f"{what}_per_s": round(max(self.rates)),
            f"{what}_p99_ms": round(p99, 2),
            f"{what}_cpu_us": round(min(self.cpu_us)),
            f"{what}_far_cpu_us": round(min(self.far_cpu_us)),
        }


class Buyer:
    """One session of a terminal, signed on; the next purchase is under the next number, until it begins anew."""

    def __init__(self, connector: UnionPay, keys: SoftwareKeyStore, slot: PosSession) -> None:
        self._connector = connector
        self._keys = keys
        self._slot = slot
        self._at = datetime.now(ZONE)
        self._mak: HeldKey | None = None
        self._card = Card(pan=PAYER.pan, entry_mode="chip", sequence_no="001", chip_data=_CHIP)
        self._trace_no = self._signed_on_under = 0

    async def sign_on(self) -> None:
        tmk = await loaded(self._keys, self._slot)
        signed = await self._connector.sign_on(self._desk())
        while isinstance(signed, NeverSent):  # the line is being dialled
            signed = await self._connector.sign_on(self._desk())
        assert isinstance(signed, SignedOn), signed
        self._signed_on_under = self._trace_no
        pik, mak = signed.keys
        self._mak = await self._keys.take_working_key(tmk, self._slot, "mak", mak.key, mak.check_value)
        clear = decrypt_ecb(tmk_of(self._slot.merchant_no, self._slot.terminal_no), pik.key)
        block = encrypt_pin_block(clear, PAYER.pin, PAYER.pan)
        self._card = msgspec.structs.replace(self._card, pin_block=block, pin_key_check=pik.check_value)

    def begin_anew(self) -> None:
        """What it says from now on, it has said before."""
        self._trace_no = self._signed_on_under

    async def buy(self) -> None:
        answer = await self._connector.purchase(self._desk(), _PRICE, self._card)
        assert isinstance(answer, Approved), answer

    def _desk(self) -> Desk:
        self._trace_no += 1
        mak = self._mak
        return Desk(self._slot, 1, self._trace_no, self._at, partial(self._keys.mac, mak, self._slot) if mak else None)


class Shouter:
    """One session's purchase, written once: only its number is another one each time."""

    def __init__(self, line: Line, slot: PosSession) -> None:
        self._line = line
        self._slot = slot
        self._trace_no = 0
        one, other = self._written(0), self._written(999_999)
        self._at = next(at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
        self._before, self._after = one[: self._at], one[self._at + 3 :]

    async def shout(self) -> None:
        self._trace_no += 1
        number = f"{self._trace_no:06}"
        match = Match("0210", number, self._slot.terminal_no, self._slot.merchant_no)
        await self._line.exchange(match, self._before + bytes.fromhex(number) + self._after, 60.0)

    def _written(self, trace_no: int) -> bytes:
        card = Card(pan=PAYER.pan, entry_mode="chip", sequence_no="001", chip_data=_CHIP, pin_block=bytes(8))
        desk = Desk(self._slot, 1, trace_no, datetime.now(ZONE))
        return pack(CUP_POS, messages.purchase(CUP_POS, desk, _PRICE, card, "01")).with_mac(bytes(8))


@dataclass(frozen=True)
class Side:
    """What each session asks, and whom. repeats: who says in every round what it said in the first."""

    sessions: Sequence[Ask]
    far: FarSide
    repeats: Sequence[Buyer] = ()


async def loaded(keys: SoftwareKeyStore, slot: PosSession) -> HeldKey:
    """The slot's master key, of two components, as custodians load it."""
    halves = halves_of(slot.merchant_no, slot.terminal_no)
    sealed = [await _component(keys, slot, part, half) for part, half in enumerate(halves, 1)]
    return await keys.combine(slot, *sealed)


async def _component(keys: SoftwareKeyStore, slot: PosSession, part: int, half: bytes) -> SealedComponent:
    entry = seal(await keys.entry_key(), context_of(str(slot), part), half)
    return await keys.seal_component(slot, part, entry, check_value(half))


def settings(port: int) -> Settings:
    return Settings(name=BANK, profile="cup_pos", addresses=(Address(host="127.0.0.1", port=port),))


def around(folder: str) -> Surroundings:
    return Surroundings(clock=ShiftedClock(), callback_url="", secrets=Path(folder))


async def measure(quick: bool) -> Figures:
    """How much of what the line carries is left for purchases that are written, sealed, decided, read and checked."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="yinyi-bench-"))
        bank, again, echo = [await stack.enter_async_context(far_side(kind)) for kind in ("bank", "again", "echo")]
        keys = SoftwareKeyStore(KeySettings(), around(folder))
        buyers, askers = [await _signed_on(stack, keys, far, folder) for far in (bank, again)]
        line = Line(settings(echo.port), CUP_POS, lambda match, heard: None)
        stack.push_async_callback(line.stop)
        line.start()
        settle_memory()
        bought = Side([buyer.buy for buyer in buyers], bank)
        known = Side([asker.buy for asker in askers], again, askers)
        echoed = Side([Shouter(line, slot).shout for slot in _slots()], echo)
        return await _by_turns(bought, known, echoed, *(_QUICK if quick else _FULL))


def _slots() -> list[PosSession]:
    return [PosSession(BANK, MERCHANTS[0], terminal_no) for terminal_no in TERMINALS[: max(AT_ONCE)]]


async def _signed_on(stack: AsyncExitStack, keys: SoftwareKeyStore, far: FarSide, folder: str) -> list[Buyer]:
    """Through a connector of their own."""
    connector = UnionPay(settings(far.port), around(folder))
    stack.push_async_callback(connector.stop)
    await connector.start()
    buyers = [Buyer(connector, keys, slot) for slot in _slots()]
    for buyer in buyers:
        await buyer.sign_on()
    return buyers


async def _by_turns(bank: Side, again: Side, echo: Side, count: int, rounds: int) -> Figures:
    figures: dict[str, float | int | str] = {}
    cpus = sorted(os.sched_getaffinity(0))
    for case, (at_once, is_apart) in CASES.items():
        _place(cpus, (bank, again, echo), is_apart)
        each, (bought, known, echoed) = count // at_once, (Seen(), Seen(), Seen())
        for is_counted in (False, *[True] * rounds):  # the first round warms all sides up
            for side, seen, times in ((bank, bought, 1), (echo, echoed, _ECHOES), (again, known, 1)):
                await _round(side, at_once, times * each, seen if is_counted else Seen())
        for what, seen in (("purchases", bought), ("connector", known)):
            figures.update(seen.figures(f"{what}_{case}"))
            ratios = [rate / echoes for rate, echoes in zip(seen.rates, echoed.rates, strict=True)]
            figures[f"{what}_ratio_{case}"] = round(statistics.median(ratios), 2)
        figures.update(echoed.figures(f"echoes_{case}"))
        figures[f"cpu_ratio_{case}"] = round(echoed.busier_us() / bought.busier_us(), 2)
    os.sched_setaffinity(0, cpus)
    return figures


def _place(cpus: Sequence[int], sides: Sequence[Side], is_apart: bool) -> None:
    """We are on the first processor, and whoever is at the far end on the last one or beside us."""
    os.sched_setaffinity(0, cpus[:1])
    for side in sides:
        os.sched_setaffinity(side.far.pid, cpus[-1:] if is_apart else cpus[:1])


async def _round(side: Side, at_once: int, each: int, seen: Seen) -> None:
    for buyer in side.repeats:
        buyer.begin_anew()
    gc.collect()
    begun, cpu_begun, far_begun, count = time.perf_counter(), time.process_time(), side.far.cpu_s(), each * at_once
    await asyncio.gather(*(_one_after_another(ask, each, seen.times) for ask in side.sessions[:at_once]))
    seen.rates.append(count / (time.perf_counter() - begun))
    seen.far_cpu_us.append((side.far.cpu_s() - far_begun) / count * 1e6)
    seen.cpu_us.append((time.process_time() - cpu_begun) / count * 1e6)


async def _one_after_another(ask: Ask, count: int, times: list[float]) -> None:
    for _ in range(count):
        begun = time.perf_counter()
        await ask()
        times.append((time.perf_counter() - begun) * 1000)
