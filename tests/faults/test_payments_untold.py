"""What ended after its payer had gone is told at his next identification, until a paper tells it."""

from collections import deque

import pytest
from payment_checks import play
from payment_far_side import FEE, Mishap
from payment_world import World
from test_payments_at_window import collect

from yinyi.business.documents import store as documents
from yinyi.business.documents.model import CheckingSlip
from yinyi.business.documents.store import NewDocument
from yinyi.business.payments.messages import ListUntoldPayments
from yinyi.business.payments.plan import TAKE
from yinyi.kernel.money import Fen


async def untold(it: World) -> list[tuple[str, str]]:
    async with it.database.read() as tx:
        found = await it.payments.list_untold(tx, it.call(), ListUntoldPayments())
    return [(view.payment_no, view.state) for view in found.payments]


async def printed(it: World, payment_no: str, tells: str) -> None:
    now = it.clock.now()
    slip = CheckingSlip(
        language="zh-CN",
        hospital="云山市人民医院",
        terminal="T1",
        printed_at=now,
        payment_no=payment_no,
        qr=payment_no,
        amount_fen=FEE,
        purpose="挂号",
        patient_name="王*",
        channel="wechatpay",
        ask_no="7Q4-281",
        window="3 号窗口",
        known="paid",
        known_at=now,
        decided_by=now,
    )
    new = NewDocument(
        document_no=f"D{tells[:4]}{payment_no[-14:]}",
        payment_no=payment_no,
        tells=tells,
        patient_id=1,
        title="",
        amount_fen=Fen(0),
        slip=slip,
    )
    async with it.database.transaction() as tx:
        await documents.make(tx, 1, new, now)


@pytest.mark.parametrize(("mishap", "ends"), [(None, "fulfilled"), ("refuse", "returned")])
def test_it_is_told_until_a_paper_tells_how_it_ended(platform_url: str, mishap: Mishap | None, ends: str) -> None:
    async def story(it: World) -> None:
        it.script.mishaps["confirm"] = deque([mishap] if mishap else [])
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        assert await untold(it) == [], "it is under way"
        take = (await it.plan(number)).latest(TAKE)
        assert take is not None
        it.channel.orders[take.reference] = "paid"
        await it.callback(number, "E1")
        await it.to_the_end(number)
        assert await untold(it) == [(number, ends)]
        await printed(it, number, "waiting")
        assert await untold(it) == [(number, ends)], "that paper tells something else"
        await printed(it, number, ends)
        assert await untold(it) == []

    play(platform_url, story)


def test_where_nothing_was_taken_or_a_cashier_has_told_it_there_is_nothing_to_tell(platform_url: str) -> None:
    async def story(it: World) -> None:
        left = await it.open()
        await it.to_the_end(left)
        at_window = await it.open()
        await it.drive(at_window)
        await collect(it, at_window)
        await it.to_the_end(at_window)
        assert await untold(it) == []

    play(platform_url, story)
