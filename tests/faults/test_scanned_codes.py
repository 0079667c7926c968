"""A payer's code under the kiosk's scanner, with the real engine and database: taken once, used once, told nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import time, timedelta

import pytest
from msgspec.structs import replace

from yinyi.app.faults.far_side import ASKS_FOR_PASSWORD, PAYS_AT_ONCE
from yinyi.app.faults.stage import Stage, stage
from yinyi.business.payments.drive import Drive
from yinyi.business.payments.errors import MoreThanOwed, NothingScanned, PayerCodeUnknown, PaymentClosed, PaymentUnknown
from yinyi.business.payments.messages import GetScannedPayment, PaymentView, SubmitScanned
from yinyi.business.payments.scanned import ScannedCodes
from yinyi.business.payments.service import TAKEN_UP, TakenUp
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.model import Counter, Hospital, Standing
from yinyi.business.terminals.presented import Presented
from yinyi.business.terminals.setup import add_terminal, ensure_hospital
from yinyi.kernel.errors import NotYours
from yinyi.kernel.ids import PAYMENT_SLIP
from yinyi.kernel.money import Fen
from yinyi.kernel.secrets import Vault

TERMINAL = "T1"
DESK = Counter(name="窗口", name_en="Window", open_until=time(17))


class Kiosk:
    """Its scanner, and the page that hears of it."""

    def __init__(self, it: Stage) -> None:
        self.it = it
        vault = Vault({1: bytes(32)}, bytes(32))
        self.presented = Presented(it.quiet, it.clock, vault, Directory())
        self.codes = ScannedCodes(it.quiet, it.payments, self.presented)
        self.version = 0

    async def put_up(self) -> None:
        hospital = Hospital(hospital_id=1, name="医院", name_en="H", zone="Asia/Shanghai", window=DESK, triage=DESK)
        standing = Standing(terminal_id=TERMINAL, name="T1", place="", place_en="", profile="hall")
        async with self.it.quiet.transaction() as tx:
            await ensure_hospital(tx, hospital)
            await add_terminal(tx, 1, standing, self.it.clock.now())

    async def scan(self, code: str) -> None:
        async with self.it.quiet.transaction() as tx:
            self.version = await self.presented.keep_code(tx, 1, TERMINAL, code, self.it.clock.now())

    async def submit(self, after: int = 0, part_fen: int | None = None) -> None:
        """The page's request up to its commit, then the engine."""
        part = None if part_fen is None else Fen(part_fen)
        call, message = self.it.call(), SubmitScanned(payment_no=self.it.number, after=after, amount_fen=part)
        code = await self.codes.take(call, message)
        async with self.it.quiet.transaction() as tx:
            assert await self.codes.submit(tx, call, message, code) == self.it.number
        taken: TakenUp | None = call.notes.get(TAKEN_UP)
        if taken is None:
            return await self.it.drive()
        means = self.it.means
        await Drive(*(means, 1, self.it.payment_id, means.lease.epoch), known=taken.plan, leaving=taken.leaving).run()

    async def view(self) -> PaymentView:
        async with self.it.quiet.read() as tx:
            return await self.it.payments.show(tx, self.it.call(), self.it.number)

    async def at_the_code(self) -> None:
        """A number is held, and our own code is on the screen."""
        await self.it.open()
        await self.it.drive()
        await self.it.choose()
        await self.it.drive()


def play(url: str, story: Callable[[Kiosk], Awaitable[None]]) -> None:
    async def on_stage() -> None:
        async with stage(url) as it:
            kiosk = Kiosk(it)
            await kiosk.put_up()
            await kiosk.at_the_code()
            await story(kiosk)

    asyncio.run(on_stage())


def test_the_open_code_is_closed_and_the_payers_own_pays(platform_url: str) -> None:
    async def story(kiosk: Kiosk) -> None:
        before = await kiosk.view()
        assert (before.state, before.scanned, before.scans) == ("waiting", False, ["wechatpay", "alipay"])
        await kiosk.scan(PAYS_AT_ONCE)
        await kiosk.submit()
        after = await kiosk.view()
        assert (after.state, after.taken_fen) == ("fulfilled", after.amount_fen)
        first, second = (await kiosk.it.plan()).takes()
        assert (first.state, second.state) == ("undone", "done")

    play(platform_url, story)


def test_of_a_part_that_is_asked_for_the_payers_own_code_takes_no_more(platform_url: str) -> None:
    async def story(kiosk: Kiosk) -> None:
        await kiosk.scan(PAYS_AT_ONCE)
        with pytest.raises(MoreThanOwed):
            await kiosk.submit(part_fen=999_00)
        await kiosk.scan(ASKS_FOR_PASSWORD)
        await kiosk.submit(part_fen=2_00)
        assert (await kiosk.view()).asked_fen == 2_00
        kiosk.it.clock.at += timedelta(seconds=45)
        await kiosk.it.drive()
        view = await kiosk.view()
        assert (view.state, view.scanned, view.asked_fen) == ("ready", True, 2_00)
        await kiosk.scan(PAYS_AT_ONCE)
        await kiosk.submit(part_fen=2_00)
        view = await kiosk.view()
        assert (view.state, view.taken_fen, view.owed_fen) == ("ready", 2_00, view.amount_fen - 2_00)
        assert (view.scanned, view.asked_fen, view.reason) == (False, 0, "")

    play(platform_url, story)


def test_a_code_read_again_and_again_is_one_attempt(platform_url: str) -> None:
    """A scanner does not know that it has read this one before; while the payer types, it must change nothing."""

    async def story(kiosk: Kiosk) -> None:
        for times in range(3):
            await kiosk.scan(ASKS_FOR_PASSWORD)
            await kiosk.submit()
            view = await kiosk.view()
            assert (view.state, view.scanned) == ("waiting", True)
            assert len((await kiosk.it.plan()).takes()) == 2, times
        kiosk.it.channel.pay((await kiosk.it.plan()).takes()[1].reference)
        kiosk.it.clock.at += timedelta(seconds=10)
        await kiosk.it.drive()
        assert (await kiosk.view()).state == "fulfilled"

    play(platform_url, story)


def test_nobody_types_the_password_and_a_fresh_code_pays(platform_url: str) -> None:
    async def story(kiosk: Kiosk) -> None:
        await kiosk.scan(ASKS_FOR_PASSWORD)
        await kiosk.submit()
        kiosk.it.clock.at += timedelta(seconds=45)
        await kiosk.it.drive()
        view = await kiosk.view()
        assert (view.state, view.reason, view.scanned, view.taken_fen) == ("ready", "", True, 0)
        await kiosk.scan(PAYS_AT_ONCE)
        await kiosk.submit()
        assert (await kiosk.view()).state == "fulfilled"

    play(platform_url, story)


def test_a_scan_serves_once_and_only_the_page_that_waits_for_it(platform_url: str) -> None:
    async def story(kiosk: Kiosk) -> None:
        with pytest.raises(NothingScanned):
            await kiosk.submit()
        await kiosk.scan(PAYS_AT_ONCE)
        with pytest.raises(NothingScanned):
            await kiosk.submit(after=kiosk.version)
        kiosk.it.clock.at += timedelta(seconds=61)
        with pytest.raises(NothingScanned):
            await kiosk.submit()
        await kiosk.scan("6923450657713")
        with pytest.raises(PayerCodeUnknown):
            await kiosk.submit()
        with pytest.raises(NothingScanned):
            await kiosk.submit()
        assert (await kiosk.view()).state == "waiting"

    play(platform_url, story)


def test_after_the_end_it_pays_nothing_and_is_forgotten(platform_url: str) -> None:
    async def story(kiosk: Kiosk) -> None:
        await kiosk.scan(PAYS_AT_ONCE)
        await kiosk.submit()
        await kiosk.scan(ASKS_FOR_PASSWORD)
        with pytest.raises(PaymentClosed):
            await kiosk.submit()
        assert (await kiosk.view()).state == "fulfilled"
        async with kiosk.it.quiet.read() as tx:
            assert await tx.fetchval("SELECT count(*) FROM presented WHERE sealed IS NOT NULL") == 0
            kept = await tx.fetch(
                "SELECT event_id AS what FROM line_event UNION ALL SELECT what::text FROM payment_event"
                " UNION ALL SELECT params::text FROM payment_step UNION ALL SELECT facts::text FROM payment"
            )
        assert not [row for row in kept if PAYS_AT_ONCE in row["what"] or ASKS_FOR_PASSWORD in row["what"]]

    play(platform_url, story)


def test_the_slip_under_the_scanner_opens_its_payment_to_its_owner_alone(platform_url: str) -> None:
    async def story(kiosk: Kiosk) -> None:
        await kiosk.at_the_code()

        async def seen(who: int = 1) -> PaymentView:
            call = kiosk.it.call()
            call = replace(call, principal=replace(call.principal, patient_id=who))
            async with kiosk.it.quiet.read() as tx:
                return await kiosk.codes.of_slip(tx, call, GetScannedPayment())

        with pytest.raises(NothingScanned):
            await seen()
        for other in ("6923450657713", PAYMENT_SLIP + "0" * 20):
            await kiosk.scan(other)
            with pytest.raises(PaymentUnknown):
                await seen()
        await kiosk.scan(PAYMENT_SLIP + kiosk.it.number)
        for _ in range(2):
            assert (await seen()).payment_no == kiosk.it.number
        with pytest.raises(NotYours):
            await seen(who=2)

    play(platform_url, story)
