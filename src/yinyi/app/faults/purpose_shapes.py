"""What else is paid for: stays, insured bills, numbers that cost nothing, were booked or are kept by a slip. What
goes wrong with a call is played here where it is this purpose's own; with the others, in ``shapes``."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from yinyi.app.faults.person import Person
from yinyi.app.faults.shapes import agrees, begin, gives_up_all, open_take, pay
from yinyi.business.payments.plan import REFUND
from yinyi.kernel.money import Fen

NEARLY_GIVEN_UP_MIN = 14
"""A hospital that goes away then is away until it is given up."""


async def pays_a_deposit(person: Person) -> None:
    """For a stay in hospital, by WeChat."""
    await begin(person, "deposit")
    await pay(person, tells=True)


async def pays_a_deposit_by_alipay(person: Person) -> None:
    """The same by Alipay."""
    await begin(person, "deposit", tender="alipay")
    await pay(person, tells=True)


async def deposit_is_refused(person: Person) -> None:
    """While he pays, the ward makes out its account: what he pays goes back."""
    await begin(person, "deposit")
    await person.stay_is_settled()
    await pay(person, tells=True)


async def deposit_is_posted_again(person: Person) -> None:
    """The ward has booked it and says nothing until it is nearly given up; then staff post it once more."""
    with person.calm():
        await begin(person, "deposit")
        person.ward.mute_until = person.clock.now() + timedelta(hours=1)
        await pay(person, tells=True)
        for _ in range(NEARLY_GIVEN_UP_MIN):
            await person.wait(timedelta(minutes=1))
            await person.drive()
        person.ward.mute_until = person.clock.now()
    await person.is_posted_again()
    await person.drive()


async def deposit_goes_back(person: Person) -> None:
    """A part, and then another: the ward books each before it leaves."""
    with person.calm():
        await pays_a_deposit(person)
        await person.until_the_end()
        await person.stay_is_settled()
    await person.refund(Fen(2000))
    await person.drive()
    await person.until_the_end()
    with person.calm():
        await person.refund(Fen(500))
        await person.drive()


async def wants_a_deposit_back(person: Person) -> None:
    """All of it: what the ward has booked is reversed first."""
    await gives_up_all(person, "deposit")


async def wants_a_bill_back(person: Person) -> None:
    """All that he has paid for a bill: the hospital takes its settlement back first."""
    await gives_up_all(person, "invoice")


async def pays_an_insured_invoice(person: Person) -> None:
    """His insurance pays most of a bill; he pays the rest, and it settles."""
    await begin(person, "insured_invoice")
    await pay(person, tells=True)


async def insured_bill_changes(person: Person) -> None:
    """The same, and a doctor changes the bill: the settlement is reversed, his part goes back."""
    with person.calm():
        await begin(person, "insured_invoice")
        await person.bill_is_changed()
    await pay(person, tells=True)


async def bill_is_insured_wholly(person: Person) -> None:
    """His insurance pays all of a bill; he agrees."""
    await agrees(person, "insured_invoice")


async def pays_an_invoice_by_alipay(person: Person) -> None:
    """Bills, by Alipay."""
    await begin(person, "invoice", tender="alipay")
    await pay(person, tells=True)


async def pays_an_invoice_in_parts(person: Person) -> None:
    """Bills: a part from his account, the rest by WeChat."""
    await person.has_on_account(2000)
    with person.calm():
        await person.open("invoice")
        await person.drive()
        await person.choose("prepaid", Fen(2000))
        await person.drive()
    await person.choose()
    await person.drive()
    await pay(person, tells=True)


async def tops_up_by_alipay(person: Person) -> None:
    """Onto his account, by Alipay."""
    await begin(person, "top_up", tender="alipay")
    await pay(person, tells=True)


async def leaves_alipays_code(person: Person) -> None:
    """Looks at Alipay's code and goes away."""
    await begin(person, tender="alipay")


async def registers_free(person: Person) -> None:
    """A number that costs nothing."""
    await person.open("free")
    await person.drive()


async def checks_in_and_pays(person: Person) -> None:
    """Comes for the number that he has booked, and pays for it."""
    await begin(person, "check_in")
    await pay(person, tells=True)


async def checks_in_and_leaves(person: Person) -> None:
    """The same, and he goes away: the number stays booked."""
    await begin(person, "check_in")


async def checks_in(person: Person) -> None:
    """Has paid when he booked."""
    await person.open("paid_check_in")
    await person.drive()


async def takes_a_slip(person: Person) -> None:
    """Has the number kept for longer, and never comes back."""
    await begin(person)
    await person.takes_a_slip()
    await person.drive()


async def takes_a_slip_and_pays(person: Person) -> None:
    """Has it kept for longer, comes back to the kiosk and pays."""
    with person.calm():
        await person.open()
        await person.drive()
    await person.takes_a_slip()
    await person.drive()
    await person.wait(timedelta(minutes=12))
    await person.choose()
    await person.drive()
    await pay(person, tells=True)


async def refund_is_told(person: Person) -> None:
    """The bank needs two days for a refund, and the channel tells when it is made."""
    with person.calm():
        await begin(person)
        await pay(person, tells=True)
        await person.until_the_end()
    person.channel.refunds_until = person.clock.now() + timedelta(days=2)
    await person.refund(Fen(2000))
    await person.drive()
    await person.wait(timedelta(days=2))
    await _told_of_refund(person)


async def money_back_is_told(person: Person) -> None:
    """The hospital has given the number away; the channel tells that the money is back."""
    with person.calm():
        await begin(person)
        await person.number_is_given_away()
        take = await open_take(person)
        if take is None:
            return
        person.channel.pay(take.reference)
        person.channel.refunds_until = person.clock.now() + timedelta(hours=1)
        await person.callback(take, f"paid {take.reference}")
        await person.drive()
        await person.wait(timedelta(hours=1))
    await _told_of_refund(person)


async def two_give_back(person: Person) -> None:
    """Two of the staff give back three fifths each: what one has given, the other has not."""
    with person.calm():
        await begin(person)
        await pay(person, tells=True)
        await person.until_the_end()
        await person.refund(Fen(3000))
    await person.refund(Fen(3000))
    await person.drive()


async def _told_of_refund(person: Person) -> None:
    refund = (await person.plan()).latest(REFUND)
    if refund is not None and refund.reference in person.channel.refunds:
        await person.tells(refund, "made")
        await person.drive()


PURPOSE_SHAPES: Mapping[str, Callable[[Person], Awaitable[None]]] = {
    each.__name__: each
    for each in (
        *(pays_a_deposit, pays_a_deposit_by_alipay, deposit_is_refused, deposit_goes_back),
        *(deposit_is_posted_again, wants_a_deposit_back, wants_a_bill_back),
        *(pays_an_insured_invoice, insured_bill_changes, bill_is_insured_wholly),
        *(pays_an_invoice_by_alipay, pays_an_invoice_in_parts, tops_up_by_alipay, leaves_alipays_code),
        *(registers_free, checks_in_and_pays, checks_in_and_leaves, checks_in, takes_a_slip_and_pays, takes_a_slip),
        *(refund_is_told, money_back_is_told, two_give_back),
    )
}
