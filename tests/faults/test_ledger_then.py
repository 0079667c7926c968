"""How the books stood at an instant: what was posted later does not count."""

from datetime import timedelta

from payment_checks import play, reference_of
from payment_far_side import FEE
from payment_world import World

from yinyi.business.ledger import store


async def standing(it: World, hours_ago: float) -> dict[str, int]:
    async with it.database.read() as tx:
        rows = await store.balances(tx, 1, it.clock.now() - timedelta(hours=hours_ago))
    return {row["account"]: row["debit_fen"] - row["credit_fen"] for row in rows}


def test_balances_as_of_an_instant(platform_url: str) -> None:
    async def story(it: World) -> None:
        for _ in range(2):
            number = await it.open()
            await it.drive(number)
            await it.choose(number)
            await it.drive(number)
            it.channel.pay(reference_of(await it.plan(number)))
            await it.to_the_end(number)
            it.clock.advance(timedelta(hours=1))
        channel = "channel:wechatpay:outpatient"
        assert (await standing(it, 0))[channel] == 2 * FEE
        assert (await standing(it, 1.5))[channel] == FEE
        assert await standing(it, 3) == {}
        assert sum((await standing(it, 1.5)).values()) == 0

    play(platform_url, story)
