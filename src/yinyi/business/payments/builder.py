"""Which steps a plan is made of, by what it is for: data for ``NewPayment``. Pure.

Kinds are stable names: open plans outlive a release. A kind whose domain is not built yet has no effect, and a plan
with it cannot be opened.
"""

from collections.abc import Callable, Mapping

from yinyi.business.payments.plan import LAST_TAKE, TAKE

SCHEDULING_HOLD, SCHEDULING_KEEP, SCHEDULING_CONFIRM = "scheduling.hold", "scheduling.keep", "scheduling.confirm"
SCHEDULING_CHECK_IN = "scheduling.check_in"
INSURANCE_QUOTE, INSURANCE_SETTLE = "insurance.quote", "insurance.settle"
BILLING_LOCK, BILLING_SETTLE = "billing.lock", "billing.settle"
INPATIENT_POST = "inpatient.post"

AT_HOLD, AT_KEEP, AT_QUOTE, AT_TAKE, AT_SETTLE, AT_CONFIRM = 10, 20, 25, 30, LAST_TAKE + 1, 40

Steps = tuple[tuple[int, str], ...]
"""Position and kind, in order."""


def registration(*, insured: bool = False, free: bool = False) -> Steps:
    """A number is held, paid and confirmed. Kept for a hold slip, a step more is added while the patient waits."""
    return ((AT_HOLD, SCHEDULING_HOLD), *_taking(insured, free), (AT_CONFIRM, SCHEDULING_CONFIRM))


def booking() -> Steps:
    """A number of another day is kept, and paid when its owner has come."""
    return ((AT_HOLD, SCHEDULING_HOLD),)


def check_in(*, paid: bool = False) -> Steps:
    """The hospital is told that somebody has come for the number he booked; what he owes for it is taken."""
    owed: Steps = () if paid else ((AT_TAKE, TAKE), (AT_CONFIRM, SCHEDULING_CONFIRM))
    return ((AT_HOLD, SCHEDULING_CHECK_IN), *owed)


def invoice(*, insured: bool = False) -> Steps:
    """The hospital locks the bills that were chosen, and is told when they are paid."""
    return ((AT_HOLD, BILLING_LOCK), *_taking(insured), (AT_CONFIRM, BILLING_SETTLE))


def top_up() -> Steps:
    """Money onto the prepaid account: credited by the write that says that it was taken, see ``postings.CREDITED``."""
    return ((AT_TAKE, TAKE),)


def deposit() -> Steps:
    """Money for a stay in hospital."""
    return ((AT_TAKE, TAKE), (AT_CONFIRM, INPATIENT_POST))


def _taking(insured: bool, free: bool = False) -> Steps:
    take: Steps = () if free else ((AT_TAKE, TAKE),)
    return ((AT_QUOTE, INSURANCE_QUOTE), *take, (AT_SETTLE, INSURANCE_SETTLE)) if insured else take


_INSURED = "the patient pays what the quote leaves for him; where it leaves nothing, he agrees"
PLANS: Mapping[str, tuple[Callable[[], Steps], str]] = {
    "registration": (registration, "the fee is the hospital's"),
    "registration, insured": (
        lambda: registration(insured=True),
        _INSURED,
    ),
    "registration, free": (lambda: registration(free=True), "nothing is taken"),
    "booking, paid at check-in": (booking, "nothing is taken"),
    "check-in, unpaid": (check_in, "the fee is the hospital's"),
    "check-in, paid": (lambda: check_in(paid=True), "nothing is taken"),
    "invoice": (invoice, "the sum of the bills that are locked"),
    "invoice, insured": (
        lambda: invoice(insured=True),
        _INSURED,
    ),
    "top-up": (top_up, "what the patient has chosen; what he withdraws later are refunds of it"),
    "deposit": (deposit, "what the patient has chosen"),
}
"""Every plan there is, with how much is paid, for the docs and for tests."""

MEANING: Mapping[str, str] = {
    SCHEDULING_HOLD: "the number is kept for the patient while he pays",
    SCHEDULING_KEEP: "the number is kept for longer, for a hold slip",
    SCHEDULING_CONFIRM: "the number becomes a registration",
    SCHEDULING_CHECK_IN: "the hospital is told that the patient has come for the number that he booked",
    INSURANCE_QUOTE: "the scheme says how the bill will be divided",
    INSURANCE_SETTLE: "the scheme settles its part, once the patient has paid his or has agreed; undone by a reversal",
    TAKE: "a channel takes money; as often as the payer divides what he owes",
    BILLING_LOCK: "the hospital locks the bills that are paid now",
    BILLING_SETTLE: "the hospital is told that they are paid",
    INPATIENT_POST: "the stay's deposit account is credited at the hospital",
}
