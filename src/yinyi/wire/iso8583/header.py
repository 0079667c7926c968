"""What stands before the message type: TPDU (5 bytes) and six bytes of the terminal's own, both in BCD."""

from functools import lru_cache

import msgspec

from yinyi.wire.iso8583.elements import is_digits
from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.model import Header, Profile

NOTHING = "0"
DOWNLOAD_STRIPE_PARAMETERS = "1"
UPLOAD_STATUS = "2"
SIGN_ON_AGAIN = "3"
UPDATE_CA_KEYS = "4"
DOWNLOAD_CHIP_PARAMETERS = "5"
"""What a host may ask for in ``processing_request`` (处理要求); other digits ask for what this platform does not do."""

HEAD_BYTES = {"": 0, "tpdu": 5, "tpdu+header": 11}
_HEXADECIMAL = frozenset("0123456789ABCDEF")


@lru_cache(maxsize=64)
def pack_header(profile: Profile, header: Header) -> bytes:
    """The bytes before the message type, as many as the profile has there.

    Raises:
        FieldError: a part has the wrong length or holds what is no digit of its kind.
    """
    digits = f"{header.application}{header.software_version}{header.terminal_state}"
    letters = f"{header.processing_request}{header.reserved}"
    if len(header.tpdu) != 5 or len(digits) != 5 or len(letters) != 7:
        raise FieldError("header", "a part is not as long as it has to be")
    if not is_digits(digits) or not _HEXADECIMAL.issuperset(letters):
        raise FieldError("header", "not digits")
    return (header.tpdu + bytes.fromhex(f"{digits}{letters}"))[: HEAD_BYTES[profile.head]]


@lru_cache(maxsize=64)
def unpack_header(profile: Profile, head: bytes) -> Header:
    """What the bytes before the message type say.

    Raises:
        FieldError: too short, another kind of TPDU than the profile's, or not BCD.
    """
    if len(head) < HEAD_BYTES[profile.head]:
        raise FieldError("header", "the message ends within it")
    if not head:
        return profile.header
    if head[0] != profile.header.tpdu[0]:
        raise FieldError("header", "another kind of TPDU than this line has")
    digits = head[5:].hex().upper()
    if not digits:
        return Header(tpdu=head)
    if not is_digits(digits[:5]):
        raise FieldError("header", "not BCD")
    return Header(
        tpdu=head[:5],
        application=digits[:2],
        software_version=digits[2:4],
        terminal_state=digits[4],
        processing_request=digits[5],
        reserved=digits[6:],
    )


@lru_cache(maxsize=64)
def reply_header(profile: Profile, header: Header, processing_request: str = NOTHING) -> Header:
    """The header of the answer: addresses exchanged if the profile says so, and what the host asks for."""
    tpdu = header.tpdu
    if profile.swaps_tpdu:
        tpdu = tpdu[:1] + tpdu[3:5] + tpdu[1:3]
    return msgspec.structs.replace(header, tpdu=tpdu, processing_request=processing_request)
