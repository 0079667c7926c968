"""Bank, public and social security cards and insurance codes as identity media: what screens ask about them."""

from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.errors import (
    CertificateExpired,
    CertificateForeign,
    CertificateUnreadable,
    CertificateUsed,
    CheckDigitWrong,
    DecoderUnavailable,
    TicketExpired,
    TooManyTries,
)
from yinyi.business.identity.messages import Identified, Short
from yinyi.business.identity.model import InquiryState, PaymentCardKind
from yinyi.kernel.errors import ChannelUnavailable, HospitalUnavailable, NotFound, NotYours
from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.money import Fen


class AskedForCard(msgspec.Struct, frozen=True, kw_only=True):
    """The card terminal asks for a card. ``ticket``: with it this screen learns whom the card names."""

    ticket: str


@operation(callers=[Caller.KIOSK], changes=True, errors=(ChannelUnavailable, NotYours))
class ReadCardToIdentify(Operation[AskedForCard], frozen=True, kw_only=True):
    """Have this terminal's card terminal read a card, without a PIN and without any money, to find out whose it is."""


class CardIdentified(msgspec.Struct, frozen=True, kw_only=True):
    """``identified`` only where the card is known."""

    state: InquiryState
    identified: Identified | None = None


@operation(callers=[Caller.KIOSK], errors=(TicketExpired,))
class IdentifyByCard(Operation[CardIdentified], frozen=True, kw_only=True):
    """Whom does the card name that was read for this ticket? However often it is asked, the session is the same."""

    ticket: Short


@operation(
    callers=[Caller.KIOSK],
    errors=(
        *(CertificateUnreadable, CertificateExpired, CertificateUsed, CertificateForeign, CheckDigitWrong),
        *(TooManyTries, DecoderUnavailable, HospitalUnavailable),
    ),
)
class IdentifyByCertificate(Operation[Identified], frozen=True, kw_only=True):
    """By the insurance certificate's code (医保电子凭证) that this terminal's scanner has just read. ``after``: the
    terminal's ``code_version`` when the page was made."""

    after: WholeNumber


class CardBinding(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is with a card that is to be bound. kind, number_tail: of the card, once it was read. code: what its
    bank has answered (ISO 8583, field 39), where it has declined."""

    request_id: str
    state: InquiryState
    kind: PaymentCardKind | None = None
    number_tail: str = ""
    code: str = ""


@operation(callers=[Caller.KIOSK], needs_patient=True, changes=True, errors=(ChannelUnavailable, NotYours))
class ReadCardToBind(Operation[CardBinding], frozen=True, kw_only=True):
    """Have this terminal's card terminal read a card and its PIN. If its bank says that the PIN is right, the card is
    bound to this patient by itself. No money is moved."""


@operation(callers=[Caller.KIOSK], needs_patient=True, errors=(NotFound, NotYours))
class GetCardBinding(Operation[CardBinding], frozen=True, kw_only=True):
    """What became of a card that this patient has wanted to bind."""

    request_id: Annotated[str, msgspec.Meta(max_length=64)]


class CardBalance(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is with a card whose balance is wanted. kind, number_tail: of the card, once it was read. balance_fen:
    in state ``told``. code: what its issuer has answered (ISO 8583, field 39), where it has declined."""

    state: InquiryState
    kind: PaymentCardKind | None = None
    number_tail: str = ""
    balance_fen: Fen | None = None
    code: str = ""


@operation(callers=[Caller.KIOSK], changes=True, service="card_balance", errors=(ChannelUnavailable, TicketExpired))
class ReadCardForBalance(Operation[AskedForCard], frozen=True, kw_only=True):
    """Have this terminal's card terminal read a public card, and its PIN where its issuer wants one, to find out what
    is left on it. No money is moved, and nobody has to be known."""


@operation(callers=[Caller.KIOSK], errors=(TicketExpired,))
class GetCardBalance(Operation[CardBalance], frozen=True, kw_only=True):
    """What is left on the card that was read for this ticket. For five minutes, at this terminal."""

    ticket: Short


class CardLeft(msgspec.Struct, frozen=True, kw_only=True):
    """No card is asked for any more."""


@operation(callers=[Caller.KIOSK], changes=True)
class LeaveCard(Operation[CardLeft], frozen=True, kw_only=True):
    """No card is wanted any more at this terminal, unless to pay with. One that was read whole is seen to
    the end."""
