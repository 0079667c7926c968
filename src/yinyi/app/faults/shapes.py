"""Who comes to the kiosk, and what he does: each shape is played with every fault."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from yinyi.app.faults.far_side import ASKS_FOR_PASSWORD, PAYS_AT_ONCE
from yinyi.app.faults.model import FEE
from yinyi.app.faults.stage import Stage, What
from yinyi.business.payments.model import TenderName
from yinyi.business.payments.plan import TAKE, Step
from yinyi.kernel.money import Fen

Shape = Callable[[Stage], Awaitable[None]]
MOST_WAITS = 400
"""A payment that has waited so often for so many things will never end."""
TURNS = 12
"""A person looks at the screen so often before he gives up or is served."""


async def pays(stage: Stage) -> None:
    """Pays at once, and the channel tells."""
    await _begin(stage)
    await _pay(stage, tells=True)


async def pays_unheard(stage: Stage) -> None:
    """Pays at once; no callback ever comes."""
    await _begin(stage)
    await _pay(stage, tells=False)


async def leaves(stage: Stage) -> None:
    """Looks at the code and goes away."""
    await _begin(stage)


async def cancels(stage: Stage) -> None:
    """Has the code on the screen and wants it no more."""
    await _begin(stage)
    await stage.cancel()
    await stage.drive()


async def pays_and_cancels(stage: Stage) -> None:
    """Pays in the moment in which somebody else at the screen cancels."""
    await _begin(stage)
    take = await _open_take(stage)
    if take is not None:
        stage.channel.pay(take.reference)
    await stage.cancel()
    await stage.drive()


async def pays_too_late(stage: Stage) -> None:
    """The channel closes the order, and yet the success of a payment arrives an hour after everything has ended."""
    await _begin(stage)
    take = await _open_take(stage)
    await until_the_end(stage)
    if take is not None and stage.channel.orders.get(take.reference) == "closed":
        stage.clock.at += timedelta(hours=1)
        stage.channel.orders[take.reference] = "paid"
        await stage.callback(take, f"late {take.reference}")
        await stage.drive()


async def pays_a_closed_code(stage: Stage) -> None:
    """The code has run out and is closed, and yet a payment arrives while the number is still his; he pays again."""
    await _begin(stage)
    take = await _open_take(stage)
    for _ in range(MOST_WAITS):
        if take is None or stage.channel.orders.get(take.reference) != "open":
            break
        stage.clock.at += timedelta(seconds=30)
        await stage.drive()
    if take is not None and stage.channel.orders.get(take.reference) == "closed":
        stage.channel.orders[take.reference] = "paid"
        await stage.callback(take, f"late {take.reference}")
        await stage.drive()
    await stage.choose()
    await stage.drive()
    with stage.calm():
        await _pay(stage, tells=True)


async def is_refused(stage: Stage) -> None:
    """Pays, and the hospital has given the number away meanwhile."""
    await _begin(stage)
    for reference in stage.hospital.numbers:
        stage.hospital.until[reference] = stage.clock.now()
    await _pay(stage, tells=True)


async def hospital_is_mute(stage: Stage) -> None:
    """Pays, and for longer than anybody waits the hospital does not say whether it has registered him."""
    await _begin(stage)
    stage.hospital.mute_until = stage.clock.now() + timedelta(minutes=20)
    await _pay(stage, tells=True)


async def scans(stage: Stage) -> None:
    """Holds the code on his phone under the scanner and has paid."""
    await _begin_scanned(stage, PAYS_AT_ONCE)


async def scans_and_types(stage: Stage) -> None:
    """His phone asks for the password, and he types it."""
    await _begin_scanned(stage, ASKS_FOR_PASSWORD)
    take = await _open_take(stage)
    if take is not None:
        stage.channel.pay(take.reference)
        await stage.drive()


async def scans_and_leaves(stage: Stage) -> None:
    """His phone asks for the password, and he puts it away."""
    await _begin_scanned(stage, ASKS_FOR_PASSWORD)


async def scans_after_a_code(stage: Stage) -> None:
    """Our code is on the screen, and he shows his instead."""
    await _begin(stage)
    await stage.submit(PAYS_AT_ONCE)
    await stage.drive()


async def pays_in_parts(stage: Stage) -> None:
    """A part by WeChat, the rest by Alipay."""
    with stage.calm():
        await _pays_a_part(stage)
    await stage.choose("alipay")
    await stage.drive()
    await _pay(stage, tells=True)


async def pays_a_part_and_cancels(stage: Stage) -> None:
    """A part by WeChat and another by Alipay, and then he wants it no more."""
    with stage.calm():
        await _pays_a_part(stage)
        await stage.choose("alipay", Fen(1000))
        await stage.drive()
        await _pay(stage, tells=True)
    await stage.cancel()
    await stage.drive()


async def is_insured(stage: Stage) -> None:
    """His insurance pays most of it; he pays what it leaves for him, and it settles."""
    await _begin(stage, "insured")
    await _pay(stage, tells=True)


async def is_insured_and_refused(stage: Stage) -> None:
    """The same, and the hospital has given the number away: the settlement is reversed, his part goes back."""
    with stage.calm():
        await _begin(stage, "insured")
        for reference in stage.hospital.numbers:
            stage.hospital.until[reference] = stage.clock.now()
        take = await _open_take(stage)
    if take is not None:
        stage.channel.pay(take.reference)
        await stage.callback(take, f"paid {take.reference}")
    await stage.drive()


async def is_insured_wholly(stage: Stage) -> None:
    """His insurance pays all of it; he agrees, and it settles."""
    stage.scheme.pays_all = True
    await stage.open("insured")
    await stage.drive()
    for _ in range(TURNS):
        if await stage.agree():
            break
        stage.clock.at += timedelta(seconds=3)
        await stage.drive()
    await stage.drive()


async def is_insured_wholly_and_leaves(stage: Stage) -> None:
    """The same, and he goes away without having agreed."""
    stage.scheme.pays_all = True
    await stage.open("insured")
    with stage.calm():
        await stage.drive()


async def pays_an_invoice(stage: Stage) -> None:
    """Bills are locked, paid and settled."""
    await _begin(stage, "invoice")
    await _pay(stage, tells=True)


async def wants_parts_back(stage: Stage) -> None:
    """Two parts of what he paid by two means, one after the other: the first spans both means."""
    with stage.calm():
        await pays_in_parts(stage)
        await until_the_end(stage)
    await stage.refund(Fen(3500))
    await stage.drive()
    await until_the_end(stage)
    await stage.refund(Fen(500))
    await stage.drive()


async def wants_all_back(stage: Stage) -> None:
    """All of it, on the same day: Alipay cancels the order, and the number is given back."""
    await _wants_all_back(stage, timedelta(minutes=30))


async def wants_all_back_next_day(stage: Stage) -> None:
    """The same a day later: a refund."""
    await _wants_all_back(stage, timedelta(days=1))


async def refund_is_refused(stage: Stage) -> None:
    """The channel refuses a refund at first; people are called, and it is tried again."""
    with stage.calm():
        await _is_delivered(stage)
    stage.channel.refusals = 1
    await stage.refund(Fen(2000))
    await stage.drive()


async def refund_takes_days(stage: Stage) -> None:
    """The bank needs two days for a refund."""
    with stage.calm():
        await _is_delivered(stage)
    stage.channel.refunds_until = stage.clock.now() + timedelta(days=2)
    await stage.refund(Fen(2000))
    await stage.drive()


async def refunded_there(stage: Stage) -> None:
    """Somebody gives back a part at the channel itself, and staff all the rest."""
    with stage.calm():
        take = await _is_delivered(stage)
    their_id = stage.channel.refund_there(take.reference, 900)
    stage.gone_fen += 900
    await stage.refunded_there(take, their_id, 900)
    await stage.drive()
    await stage.refund(Fen(2000))
    await stage.drive()


async def pays_from_account(stage: Stage) -> None:
    """Has enough on his prepaid account."""
    await stage.has_on_account(FEE + 100)
    await _begin(stage, tender="prepaid")


async def pays_from_account_and_by_phone(stage: Stage) -> None:
    """Has too little on it: he is told so, uses what there is, and pays the rest by WeChat."""
    await stage.has_on_account(2000)
    with stage.calm():
        await _begin(stage, tender="prepaid")
    await stage.choose("prepaid", Fen(2000))
    await stage.drive()
    await stage.choose()
    await stage.drive()
    with stage.calm():
        await _pay(stage, tells=True)


async def account_is_given_back(stage: Stage) -> None:
    """Pays from his account, and the hospital has given the number away meanwhile."""
    await stage.has_on_account(FEE)
    await stage.open()
    await stage.drive()
    for reference in stage.hospital.numbers:
        stage.hospital.until[reference] = stage.clock.now()
    await stage.choose("prepaid")
    await stage.drive()


async def wants_account_money_back(stage: Stage) -> None:
    """Paid from his account, and he gets a part of it back."""
    with stage.calm():
        await pays_from_account(stage)
        await until_the_end(stage)
    await stage.refund(Fen(2000))
    await stage.drive()


async def tops_up(stage: Stage) -> None:
    """Pays onto his account."""
    await _begin(stage, "top_up")
    await _pay(stage, tells=True)


async def tops_up_and_withdraws(stage: Stage) -> None:
    """The same, and he wants it back."""
    with stage.calm():
        await tops_up(stage)
        await until_the_end(stage)
    await stage.withdraw()
    await stage.drive()


async def _pays_a_part(stage: Stage) -> None:
    await stage.open()
    await stage.drive()
    await stage.choose("wechatpay", Fen(2000))
    await stage.drive()
    await _pay(stage, tells=True)


async def _is_delivered(stage: Stage) -> Step:
    await pays(stage)
    await until_the_end(stage)
    take = (await stage.plan()).latest(TAKE)
    assert take is not None
    return take


async def _wants_all_back(stage: Stage, after: timedelta) -> None:
    with stage.calm():
        await _begin(stage, tender="alipay")
        await _pay(stage, tells=True)
        await until_the_end(stage)
        stage.clock.at += after
    await stage.refund()
    await stage.drive()


SHAPES: Mapping[str, Shape] = {
    each.__name__: each
    for each in (
        *(pays, pays_unheard, leaves, cancels, pays_and_cancels, pays_too_late, pays_a_closed_code),
        *(is_refused, hospital_is_mute),
        *(scans, scans_and_types, scans_and_leaves, scans_after_a_code),
        *(pays_in_parts, pays_a_part_and_cancels, is_insured, is_insured_and_refused, pays_an_invoice),
        *(is_insured_wholly, is_insured_wholly_and_leaves),
        *(wants_parts_back, wants_all_back, wants_all_back_next_day, refund_is_refused, refund_takes_days),
        *(refunded_there, pays_from_account, pays_from_account_and_by_phone, account_is_given_back),
        *(wants_account_money_back, tops_up, tops_up_and_withdraws),
    )
}


async def until_the_end(stage: Stage) -> bool:
    """Let time pass until the payment has ended; False: it never does."""
    for _ in range(MOST_WAITS):
        wait = await stage.next_at()
        if wait is None:
            return (await stage.plan()).ended_at is not None
        stage.clock.at += max(wait, timedelta(milliseconds=100))
        await stage.drive()
    return False


async def _begin(stage: Stage, what: What = "registration", tender: TenderName = "wechatpay") -> None:
    await stage.open(what)
    await stage.drive()
    await stage.choose(tender)
    await stage.drive()


async def _begin_scanned(stage: Stage, payer_code: str) -> None:
    await stage.open()
    await stage.drive()
    await stage.submit(payer_code)
    await stage.drive()


async def _open_take(stage: Stage) -> Step | None:
    """The code on the screen, once there is one."""
    for _ in range(TURNS):
        plan = await stage.plan()
        take = plan.latest(TAKE)
        if plan.ended_at is not None or plan.direction == "back":
            return None
        far = stage.channels.get(take.channel) if take is not None else None
        if take is not None and far is not None and far.orders.get(take.reference) == "open":
            return take
        stage.clock.at += timedelta(seconds=3)
        await stage.drive()
    return None


async def _pay(stage: Stage, *, tells: bool) -> None:
    take = await _open_take(stage)
    if take is None or not stage.channels[take.channel].pay(take.reference) or not tells:
        return
    name = stage.script.at(f"payments.take/{take.channel}", "callback")
    event_id = f"paid {take.reference}"
    match name:
        case "missing":
            return
        case "wrong_amount":
            await stage.callback(take, event_id, take.amount_fen - 1)
        case "after_the_end":
            await until_the_end(stage)
            await stage.callback(take, event_id)
        case "twice":
            await stage.callback(take, event_id)
            await stage.callback(take, event_id)
            await stage.drive()
            await stage.callback(take, f"again {take.reference}")
        case _:
            await stage.callback(take, event_id)
    await stage.drive()
