"""Who comes to the kiosk, and what he does: each shape is played with every fault."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from yinyi.app.faults.far_side import ASKS_FOR_PASSWORD, PAYS_AT_ONCE
from yinyi.app.faults.model import FEE
from yinyi.app.faults.person import MOST_WAITS, Person
from yinyi.app.faults.wishes import What
from yinyi.business.payments.plan import TAKE, Step
from yinyi.kernel.means import TenderName
from yinyi.kernel.money import Fen

Shape = Callable[[Person], Awaitable[None]]
TURNS = 12
"""A person looks at the screen so often before he gives up or is served."""


async def pays(person: Person) -> None:
    """Pays at once, and the channel tells."""
    await begin(person)
    await pay(person, tells=True)


async def pays_unheard(person: Person) -> None:
    """Pays at once; no callback ever comes."""
    await begin(person)
    await pay(person, tells=False)


async def leaves(person: Person) -> None:
    """Looks at the code and goes away."""
    await begin(person)


async def cancels(person: Person) -> None:
    """Has the code on the screen and wants it no more."""
    await begin(person)
    await person.cancel()
    await person.drive()


async def pays_and_cancels(person: Person) -> None:
    """Pays in the moment in which somebody else at the screen cancels."""
    await begin(person)
    take = await open_take(person)
    if take is not None:
        person.channel.pay(take.reference)
    await person.cancel()
    await person.drive()


async def pays_too_late(person: Person) -> None:
    """The channel closes the order, and yet the success of a payment arrives an hour after everything has ended."""
    await begin(person)
    take = await open_take(person)
    await person.until_the_end()
    if take is not None and person.channel.orders.get(take.reference) == "closed":
        await person.wait(timedelta(hours=1))
        person.channel.orders[take.reference] = "paid"
        await person.callback(take, f"late {take.reference}")
        await person.drive()


async def pays_a_closed_code(person: Person) -> None:
    """The code has run out and is closed, and yet a payment arrives while the number is still his; he pays again."""
    await begin(person)
    take = await open_take(person)
    for _ in range(MOST_WAITS):
        if take is None or person.channel.orders.get(take.reference) != "open":
            break
        await person.wait(timedelta(seconds=30))
        await person.drive()
    if take is not None and person.channel.orders.get(take.reference) == "closed":
        person.channel.orders[take.reference] = "paid"
        await person.callback(take, f"late {take.reference}")
        await person.drive()
    await person.choose()
    await person.drive()
    with person.calm():
        await pay(person, tells=True)


async def is_refused(person: Person) -> None:
    """Pays, and the hospital has given the number away meanwhile."""
    await begin(person)
    await person.number_is_given_away()
    await pay(person, tells=True)


async def hospital_is_mute(person: Person) -> None:
    """Pays, and for longer than anybody waits the hospital does not say whether it has registered him."""
    await begin(person)
    person.hospital.mute_until = person.clock.now() + timedelta(minutes=20)
    await pay(person, tells=True)


async def scans(person: Person) -> None:
    """Holds the code on his phone under the scanner and has paid."""
    await _begin_scanned(person, PAYS_AT_ONCE)


async def scans_and_types(person: Person) -> None:
    """His phone asks for the password, and he types it."""
    await _begin_scanned(person, ASKS_FOR_PASSWORD)
    take = await open_take(person)
    if take is not None:
        person.channel.pay(take.reference)
        await person.drive()


async def scans_and_leaves(person: Person) -> None:
    """His phone asks for the password, and he puts it away."""
    await _begin_scanned(person, ASKS_FOR_PASSWORD)


async def scans_after_a_code(person: Person) -> None:
    """Our code is on the screen, and he shows his instead."""
    await begin(person)
    await person.submit(PAYS_AT_ONCE)
    await person.drive()


async def pays_in_parts(person: Person) -> None:
    """A part by WeChat, the rest by Alipay."""
    with person.calm():
        await _pays_a_part(person)
    await person.choose("alipay")
    await person.drive()
    await pay(person, tells=True)


async def pays_a_part_and_cancels(person: Person) -> None:
    """A part by WeChat and another by Alipay, and then he wants it no more."""
    with person.calm():
        await _pays_a_part(person)
        await person.choose("alipay", Fen(1000))
        await person.drive()
        await pay(person, tells=True)
    await person.cancel()
    await person.drive()


async def is_insured(person: Person) -> None:
    """His insurance pays most of it; he pays what it leaves for him, and it settles."""
    await begin(person, "insured")
    await pay(person, tells=True)


async def is_insured_and_refused(person: Person) -> None:
    """The same, and the hospital has given the number away: the settlement is reversed, his part goes back."""
    with person.calm():
        await begin(person, "insured")
        await person.number_is_given_away()
        take = await open_take(person)
    if take is not None:
        person.channel.pay(take.reference)
        await person.callback(take, f"paid {take.reference}")
    await person.drive()


async def is_insured_wholly(person: Person) -> None:
    """His insurance pays all of it; he agrees, and it settles."""
    await agrees(person, "insured")


async def is_insured_wholly_and_leaves(person: Person) -> None:
    """The same, and he goes away without having agreed."""
    person.insured_wholly = True
    await person.open("insured")
    with person.calm():
        await person.drive()


async def pays_an_invoice(person: Person) -> None:
    """Bills are locked, paid and settled."""
    await begin(person, "invoice")
    await pay(person, tells=True)


async def bill_changes(person: Person) -> None:
    """The same, and a doctor changes them while he pays."""
    with person.calm():
        await begin(person, "invoice")
        await person.bill_is_changed()
    await pay(person, tells=True)


async def wants_parts_back(person: Person) -> None:
    """Two parts of what he paid by two means, one after the other: the first spans both means."""
    with person.calm():
        await pays_in_parts(person)
        await person.until_the_end()
    await person.refund(Fen(3500))
    await person.drive()
    await person.until_the_end()
    await person.refund(Fen(500))
    await person.drive()


async def wants_all_back(person: Person) -> None:
    """All of it, on the same day: Alipay cancels the order, and the number is given back."""
    await gives_up_all(person, "registration", tender="alipay", after=timedelta(minutes=30))


async def wants_all_back_next_day(person: Person) -> None:
    """The same a day later: a refund."""
    await gives_up_all(person, "registration", tender="alipay", after=timedelta(days=1))


async def refund_is_refused(person: Person) -> None:
    """The channel refuses a refund at first; people are called, and it is tried again."""
    with person.calm():
        await is_delivered(person)
    person.channel.refusals = 1
    await person.refund(Fen(2000))
    await person.drive()


async def refund_takes_days(person: Person) -> None:
    """The bank needs two days for a refund."""
    with person.calm():
        await is_delivered(person)
    person.channel.refunds_until = person.clock.now() + timedelta(days=2)
    await person.refund(Fen(2000))
    await person.drive()


async def pays_from_account(person: Person) -> None:
    """Has enough on his prepaid account."""
    await person.has_on_account(FEE + 100)
    await begin(person, tender="prepaid")


async def pays_from_account_and_by_phone(person: Person) -> None:
    """Has too little on it: he is told so, uses what there is, and pays the rest by WeChat."""
    await person.has_on_account(2000)
    with person.calm():
        await begin(person, tender="prepaid")
    await person.choose("prepaid", Fen(2000))
    await person.drive()
    await person.choose()
    await person.drive()
    with person.calm():
        await pay(person, tells=True)


async def account_is_given_back(person: Person) -> None:
    """Pays from his account, and the hospital has given the number away meanwhile."""
    await person.has_on_account(FEE)
    await person.open()
    await person.drive()
    await person.number_is_given_away()
    await person.choose("prepaid")
    await person.drive()


async def wants_account_money_back(person: Person) -> None:
    """Paid from his account, and he gets a part of it back."""
    with person.calm():
        await pays_from_account(person)
        await person.until_the_end()
    await person.refund(Fen(2000))
    await person.drive()


async def tops_up(person: Person) -> None:
    """Pays onto his account."""
    await begin(person, "top_up")
    await pay(person, tells=True)


async def tops_up_and_withdraws(person: Person) -> None:
    """The same, and he wants it back."""
    with person.calm():
        await tops_up(person)
        await person.until_the_end()
    await person.withdraw()
    await person.drive()


async def _pays_a_part(person: Person) -> None:
    await person.open()
    await person.drive()
    await person.choose("wechatpay", Fen(2000))
    await person.drive()
    await pay(person, tells=True)


async def is_delivered(person: Person) -> Step | None:
    await pays(person)
    await person.until_the_end()
    plan = await person.plan()
    return plan.latest(TAKE) if plan.taken_fen and plan.direction == "forward" else None


async def agrees(person: Person, what: What) -> None:
    """His insurance pays all of it: nothing is taken once he has said yes."""
    person.insured_wholly = True
    await person.open(what)
    await person.drive()
    for _ in range(TURNS):
        if await person.agree():
            break
        await person.wait(timedelta(seconds=3))
        await person.drive()
    await person.drive()


async def gives_up_all(
    person: Person, what: What, *, tender: TenderName = "wechatpay", after: timedelta = timedelta(0)
) -> None:
    """Wants all of it back, so long after it was delivered."""
    with person.calm():
        await begin(person, what, tender=tender)
        await pay(person, tells=True)
        await person.until_the_end()
        if after:
            await person.wait(after)
    await person.refund()
    await person.drive()


SHAPES: Mapping[str, Shape] = {
    each.__name__: each
    for each in (
        *(pays, pays_unheard, leaves, cancels, pays_and_cancels, pays_too_late, pays_a_closed_code),
        *(is_refused, hospital_is_mute),
        *(scans, scans_and_types, scans_and_leaves, scans_after_a_code),
        *(pays_in_parts, pays_a_part_and_cancels, is_insured, is_insured_and_refused),
        *(pays_an_invoice, bill_changes),
        *(is_insured_wholly, is_insured_wholly_and_leaves),
        *(wants_parts_back, wants_all_back, wants_all_back_next_day, refund_is_refused, refund_takes_days),
        *(pays_from_account, pays_from_account_and_by_phone, account_is_given_back),
        *(wants_account_money_back, tops_up, tops_up_and_withdraws),
    )
}


async def begin(person: Person, what: What = "registration", tender: TenderName = "wechatpay") -> None:
    await person.open(what)
    await person.drive()
    await person.choose(tender)
    await person.drive()


async def _begin_scanned(person: Person, payer_code: str) -> None:
    await person.open()
    await person.drive()
    await person.submit(payer_code)
    await person.drive()


async def open_take(person: Person) -> Step | None:
    """The code on the screen, once there is one."""
    for _ in range(TURNS):
        plan = await person.plan()
        take = plan.latest(TAKE)
        if plan.ended_at is not None or plan.direction == "back":
            return None
        far = person.channels.get(take.channel) if take is not None else None
        if take is not None and far is not None and far.orders.get(take.reference) == "open":
            return take
        await person.wait(timedelta(seconds=3))
        await person.drive()
    return None


async def pay(person: Person, *, tells: bool) -> None:
    take = await open_take(person)
    if take is not None and person.channels[take.channel].pay(take.reference) and tells:
        await person.tells(take, "paid")
        await person.drive()
