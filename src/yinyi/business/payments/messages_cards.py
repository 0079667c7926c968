"""Paying by a card at a kiosk: what its page asks, and what its card terminal hands over."""

from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.payments.errors import MoreThanOwed, PaymentClosed, PaymentUnknown
from yinyi.business.payments.messages import Number, PaymentView
from yinyi.business.terminals.errors import LineReplaced
from yinyi.business.terminals.messages import Accepted, Short
from yinyi.kernel.errors import ChannelUnavailable, NotYours
from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.means import TenderName


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    opened_by=("form", "booking"),
    money=True,
    errors=(PaymentUnknown, NotYours, PaymentClosed, MoreThanOwed, ChannelUnavailable),
)
class ReadCard(Operation[PaymentView], frozen=True, kw_only=True):
    """Have this terminal ask for a card of this kind and its PIN, to pay what is owed. Amount, merchant and keys are
    the server's. A card of another kind goes where it belongs, if it is taken here. When it was read the payment is
    made by itself; until then whatever else is open stays open."""

    payment_no: Number
    tender: TenderName


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    opened_by=("form", "booking"),
    changes=True,
    errors=(PaymentUnknown, NotYours),
)
class CancelReading(Operation[PaymentView], frozen=True, kw_only=True):
    """No card is wanted any more for this payment. One that was read is on its way to the bank."""

    payment_no: Number


@operation(callers=[Caller.TERMINAL], changes=True, errors=(LineReplaced,))
class PresentPayCard(Operation[Accepted], frozen=True, kw_only=True):
    """A payment card, read whole for what it was asked for; its PIN encrypted in the pad. It is sealed where it was
    read, opened in the business layer, and never leaves that again but to the bank. See ``wire/card_seal``."""

    epoch: WholeNumber
    event_id: Short
    request_id: Short
    slot: Short
    sealed: Annotated[bytes, msgspec.Meta(min_length=1, max_length=1024)]
