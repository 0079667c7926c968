"""Sixty-four payments at a time through two business processes that die, with a bus, a database and a channel that do
too: at the end the channel, the ledger and the hospital agree to the fen."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from crowd_at_once import OVER, PATIENCE_S, AtOnce, at_once, environment_of

import books
from real_platform import RealPlatform
from yinyi.app.embedded.child import tied_to_parent
from yinyi.bus.envelope import Credentials
from yinyi.kernel.means import TenderName

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SCREENS, ROUNDS, REFUNDS = 64, 2, 8
PAYS_A_BILL = 2
"""Every third one, by his number and the round."""
_PLAYED = "SELECT DISTINCT purpose, tender FROM payment WHERE payment_no = ANY ($1) AND taken_fen > 0"
_YINYI = Path(sys.executable).with_name("yinyi")


class SecondBusiness:
    """Another business process on the same database and bus."""

    def __init__(self, house: RealPlatform) -> None:
        self._environment = environment_of(house, "business")
        self._log = house.folder / "second.log"
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [_YINYI, "business"],
                env=self._environment,
                stdout=log,
                stderr=log,
                preexec_fn=tied_to_parent(signal.SIGKILL),
            )

    def killed(self) -> None:
        """By SIGKILL, and started again."""
        self.stop()
        self._process = self._started()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(30)


@contextmanager
def another_process(house: RealPlatform) -> Generator[SecondBusiness]:
    second = SecondBusiness(house)
    try:
        yield second
    finally:
        second.stop()


def drops_answers(house: RealPlatform) -> None:
    """What was asked happens, and nobody hears of it; callbacks come twice, late, or never."""
    house.wechat_fault("native", "lost", count=12)
    house.wechat_fault("query", "lost", count=12)
    house.wechat_fault("callback", "withheld", count=12)
    house.wechat_fault("callback", "duplicated", count=12)
    for at in ("precreate", "query", "refund"):
        house.alipay_fault(at, "lost", count=6)
    house.hospital_fault("lock_number", "lost", times=8)
    for procedure in ("confirm_registration", "hold_invoices", "pay_invoices"):
        house.hospital_fault(procedure, "lost", times=8)


def disturb(house: RealPlatform, second: SecondBusiness) -> None:
    """Each as soon as the one before is back."""
    drops_answers(house)
    house.kill("business")
    second.killed()
    house.kill("nats")
    drops_answers(house)
    house.kill("business")
    house.kill("postgres")
    second.killed()
    house.kill("business")


async def _everybody(it: AtOnce, places: list[tuple[str, str]]) -> None:
    """They register, top up and pay bills, by WeChat and by Alipay; then a few want all of it back."""
    for turn in range(ROUNDS):
        chosen = [places[(serial + turn * 7) % len(places)] for serial in range(SCREENS)]
        pairs = zip(it.screens, chosen, strict=True)
        await asyncio.gather(*(_one(it, serial + turn, *pair) for serial, pair in enumerate(pairs)))
    delivered = [number for number, end in it.ends.items() if end == "fulfilled"]
    await asyncio.gather(*(it.refund(number) for number in delivered[:: len(delivered) // REFUNDS]))


async def _one(it: AtOnce, serial: int, screen: Credentials, place: tuple[str, str]) -> None:
    tender: TenderName = "alipay" if serial // 3 % 2 else "wechatpay"
    if serial % 3 == PAYS_A_BILL:
        await it.pay_a_bill(screen, tender)
    elif serial % 3:
        await it.top_up(screen, tender)
    else:
        await it.register(screen, place, tender)


async def _bills(it: AtOnce, places: list[tuple[str, str]]) -> None:
    """Whoever is going to pay one has one."""
    pay = [serial for turn in range(ROUNDS) for serial in range(SCREENS) if (serial + turn) % 3 == PAYS_A_BILL]
    for serial in pay:
        await it.orders(serial, places[serial % len(places)])


def test_all_books_agree_to_the_fen(house: RealPlatform) -> None:
    async def story() -> AtOnce:
        with another_process(house) as second:
            async with at_once(house, SCREENS) as it:
                places = await it.places()
                await _bills(it, places)
                disturbed = asyncio.create_task(asyncio.to_thread(disturb, house, second))
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        await _everybody(it, places)
                        await disturbed
                except TimeoutError:
                    pytest.fail(f"still under way: { {no: end for no, end in it.ends.items() if end not in OVER} }")
                return it

    it = asyncio.run(story())
    ends = Counter(it.ends.values())
    assert len(it.ends) + len(it.told) == SCREENS * ROUNDS
    assert ends["fulfilled"] > SCREENS, (ends, list(islice(it.told, 10)))
    books.agree(house, *it.ends, within_s=120)
    played = {(row["purpose"], row["tender"]) for row in house.rows(_PLAYED, list(it.ends))}
    assert played >= {(what, by) for what in ("registration", "top_up", "invoice") for by in ("wechatpay", "alipay")}
