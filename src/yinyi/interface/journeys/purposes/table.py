"""Everything that can be paid for at a screen: a line for each purpose."""

from collections.abc import Mapping
from itertools import groupby

from yinyi.business.payments.messages import GetPayment, PaymentView
from yinyi.interface.journeys import views
from yinyi.interface.journeys.purposes.appointment import Appointment
from yinyi.interface.journeys.purposes.check_in import CheckedIn
from yinyi.interface.journeys.purposes.deposit import Deposit
from yinyi.interface.journeys.purposes.invoice import Invoice
from yinyi.interface.journeys.purposes.purpose import Paid, Purpose, Say, Words
from yinyi.interface.journeys.purposes.registration import Registration
from yinyi.interface.journeys.purposes.top_up import TopUp
from yinyi.interface.journeys.visitor import Visitor
from yinyi.kernel.errors import NotFound

_EVERY: tuple[Purpose, ...] = (Registration(), Appointment(), CheckedIn(), Invoice(), TopUp(), Deposit())
PURPOSES: Mapping[str, Purpose] = {purpose.name: purpose for purpose in _EVERY}


async def find(visitor: Visitor, payment_no: str) -> Paid:
    """A payment of this patient's, and what it is for.

    Raises:
        NotFound: what it is for has no pages.
        YinyiError: see ``GetPayment``.
    """
    name = visitor.purposes.get(payment_no)
    if name is None:
        payment = await visitor.ask(GetPayment(number=payment_no))
        payment_no, name = payment.payment_no, payment.purpose
        visitor.purposes.keep(payment_no, name)
    purpose = PURPOSES.get(name)
    if purpose is None:
        raise NotFound(name)
    return await purpose.paid(visitor, payment_no)


async def subjects(visitor: Visitor, payments: list[PaymentView]) -> dict[str, views.Subject]:
    """What these are for, by payment number; those without pages are left out."""
    found: dict[str, views.Subject] = {}
    for name, of_it in groupby(sorted(payments, key=_purpose), _purpose):
        if name in PURPOSES:
            found |= await PURPOSES[name].subjects(visitor, list(of_it))
    return found


def _purpose(payment: PaymentView) -> str:
    return payment.purpose


def words(_: Say) -> dict[str, Words]:
    """By the purpose's name."""
    return {name: purpose.words(_) for name, purpose in PURPOSES.items()}
