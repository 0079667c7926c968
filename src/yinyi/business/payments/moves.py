"""Between which accounts each kind of entry about payments and suspense moves money."""

from typing import get_args

from yinyi.business.ledger.model import SUSPENSE_SHORT, Between
from yinyi.business.payments.merged import MERGED
from yinyi.business.payments.model import SuspenseMove

_FUNDS = ("patient_funds:",)
_OWN = ("prepaid:", "deposit:")
_CHANNELS = ("channel:", "prepaid:")
_REFUNDS = ("refunds:",)
_INSURANCE, _HIS, _WINDOW, _HOSPITAL = ("insurance:",), ("his:",), ("paid_out:",), ("hospital:",)
_SUSPENSE = ("suspense:",)
_EITHER = ("channel:", *_WINDOW, *_HOSPITAL, *_SUSPENSE)

OF_STEPS: dict[str, Between] = {
    "taken": Between((*_CHANNELS, SUSPENSE_SHORT), _FUNDS),
    "refund_sent": Between(_FUNDS, _REFUNDS),
    "refunded": Between((*_REFUNDS, *_FUNDS), _CHANNELS),
    "refund_not_made": Between(_REFUNDS, _FUNDS),
    "promised": Between(_INSURANCE, _FUNDS),
    "promise_undone": Between(_FUNDS, _INSURANCE),
}
"""Their source begins with a step's reference."""
OF_PAYMENTS: dict[str, Between] = {
    "delivered": Between(_FUNDS, (*_HOSPITAL, *_OWN)),
    "taken_back": Between((*_HOSPITAL, *_OWN, SUSPENSE_SHORT), _FUNDS),
    "his_in_doubt": Between(_FUNDS, _HIS),
    "his_certain": Between(_HIS, _FUNDS),
    "wrongly": Between((SUSPENSE_SHORT,), _HOSPITAL),
}
"""Their source begins with a payment's number."""
MOVES = (
    OF_STEPS
    | OF_PAYMENTS
    | {MERGED: Between(("prepaid:",), ("prepaid:",))}
    | {move: Between(_EITHER, _EITHER) for move in get_args(SuspenseMove)}
)
