"""What a bank says of whoever stands at its own terminal or has its app in his hand."""

from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.errors import (
    CheckDigitWrong,
    CredentialTaken,
    HolderUnknown,
    TooManyTries,
    WindowOnly,
)
from yinyi.business.identity.messages import Credentials, Identified
from yinyi.kernel.errors import HospitalUnavailable, InvalidField, NotYours

HolderName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
CardNumber = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{12,19}(?![\s\S])")]


@operation(
    callers=[Caller.INSTITUTION],
    errors=(CheckDigitWrong, InvalidField, HolderUnknown, TooManyTries, WindowOnly, HospitalUnavailable),
)
class IdentifyHolder(Operation[Identified], frozen=True, kw_only=True):
    """Who is there? The bank knows him: by the number and the name on his identity document, as it has verified them,
    or by a card of its own that is bound to a patient here. A number that is on record under another name names
    nobody. The session is good at this institution. A passport or a travel permit is said to be one, since its number
    does not tell; sex and birth date of whoever is new come with ``RegisterPatient`` then."""

    by: Literal["document", "bank_card", "passport", "travel_permit"]
    number: Annotated[str, msgspec.Meta(min_length=6, max_length=32)]
    name: HolderName


@operation(
    callers=[Caller.INSTITUTION],
    needs_patient=True,
    changes=True,
    errors=(CredentialTaken, NotYours),
)
class BindHolderCard(Operation[Credentials], frozen=True, kw_only=True):
    """Bind a card of the bank's to this patient, whose it is, as the bank has verified: from then on it says who he is,
    here and at the hospital's terminals."""

    card_no: CardNumber
    name: HolderName
