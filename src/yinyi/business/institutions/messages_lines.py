"""What institutions say of a line of their own: signing on and off. Only interfaces with such lines serve it."""

from datetime import datetime
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.institutions.errors import LineEnded
from yinyi.kernel.errors import SignatureRefused

Hexadecimal = Annotated[str, msgspec.Meta(pattern=r"^([0-9A-Fa-f]{32})?(?![\s\S])")]
CheckValue = Annotated[str, msgspec.Meta(pattern=r"^([0-9A-Fa-f]{8})?(?![\s\S])")]
ASKERS = [Caller.INSTITUTION, Caller.HOSPITAL]


class LineOpened(msgspec.Struct, frozen=True, kw_only=True):
    """line: stands in the head of every request from now on, whose sequence begins with first_sequence."""

    line: str
    first_sequence: int
    expires_at: datetime


@operation(callers=ASKERS, of_line=True, errors=(SignatureRefused,))
class OpenInstitutionLine(Operation[LineOpened], frozen=True, kw_only=True):
    """Sign on. nonce: 16 to 64 letters and digits, never used twice. mac_key, check_value: a fresh key of 16 bytes
    under the institution's master key, in hexadecimal; this very frame carries a MAC under it. For X9.19 always; for
    FRAME-HMAC-SM3 if the institution has a master key: without one its MACs are under its secret."""

    nonce: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z]{16,64}(?![\s\S])")]
    mac_key: Hexadecimal = ""
    check_value: CheckValue = ""


class LineClosed(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is heard on it any more."""


@operation(callers=ASKERS, of_line=True, errors=(LineEnded,))
class CloseInstitutionLine(Operation[LineClosed], frozen=True, kw_only=True):
    """Sign off. Whoever hangs up without it leaves a line that ends by itself."""
