"""What a terminal asks for, read out of its message."""

from datetime import datetime
from functools import lru_cache

from yinyi.wire.iso8583.codec import unpack
from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.model import Message, Profile
from yinyi.wire.iso8583.pin import pan_of
from yinyi.wire.iso8583.private_fields import De60, unpack_60, unpack_61, unpack_90
from yinyi.wire.iso8583.unprinted import Unprinted
from yinyi_sandbox.bank.model import Kind

MONEY: frozenset[Kind] = frozenset({"balance", "purchase", "void", "refund", "reversal"})
"""What needs a sign-on of today and carries a MAC."""
_NEEDED = frozenset({11, 41, 42, 60})
_BY_CODE: dict[str, dict[str, Kind]] = {
    "0200": {"000000": "purchase", "200000": "void", "310000": "balance"},
    "0220": {"200000": "refund"},
}
_BY_NETWORK: dict[str, dict[str, Kind]] = {
    "0800": {"001": "sign_on", "003": "sign_on", "004": "sign_on"},
    "0820": {"002": "sign_off", "301": "echo"},
    "0320": {"201": "upload", "202": "upload", "207": "upload"},
    "0500": {"201": "settle"},
}
_ALONE: dict[str, Kind] = {"0620": "script"}


class Request(Unprinted, frozen=True, kw_only=True):
    """A message and what every one of this bank's has. amount_fen, pan: 0 and "" where it has none. came_at, day: when
    it came, and the bank's day then."""

    profile: Profile
    message: Message
    kind: Kind
    merchant_no: str
    terminal_no: str
    trace_no: int
    de60: De60
    amount_fen: int
    pan: str
    mac: bytes
    mac_over: bytes
    came_at: datetime
    day: str

    @property
    def original_trace_no(self) -> int:
        """Of a reversal: in field 90 where the dialect has it, else its own, which is then the original's."""
        told = self.message.text(90)
        return unpack_90(told).trace_no if told else self.trace_no

    @property
    def names_its_original(self) -> bool:
        """Of a reversal: 61, where it has one, names the message that is reversed, not what that one was of."""
        told = self.message.text(61)
        if not told:
            return True
        try:
            named = unpack_61(told)
        except FieldError:
            return False
        return (named.batch_no, named.trace_no) == (self.de60.batch_no, self.original_trace_no)

    @property
    def original_mti(self) -> str:
        """Of a reversal, where it says so."""
        return self.message.text(90)[:4]


def read_request(profile: Profile, body: bytes, came_at: datetime, day: str) -> Request:
    """
    Raises:
        FieldError: it is no request of this line.
    """
    read = unpack(profile, body)
    message = read.message
    if message.mti[2] in "13579":
        raise FieldError("message type", "not a request")
    if not message.fields.keys() >= _NEEDED:
        raise FieldError(min(_NEEDED - message.fields.keys()), "missing")
    de60 = unpack_60(message.text(60))
    kind = _kind(profile, message.mti, message.text(3), de60.network_code)
    if kind == "reversal" and profile.reversal_mti == "0420":
        unpack_90(message.text(90))
    return Request(
        profile=profile,
        message=message,
        kind=kind,
        merchant_no=message.text(42).strip(),
        terminal_no=message.text(41).strip(),
        trace_no=int(message.text(11)),
        de60=de60,
        amount_fen=int(message.text(4) or 0),
        pan=pan_of(message),
        mac=read.mac,
        mac_over=read.mac_over,
        came_at=came_at,
        day=day,
    )


@lru_cache(maxsize=256)
def _kind(profile: Profile, mti: str, code: str, network_code: str) -> Kind:
    if profile.is_reversal(mti):
        return "reversal"
    if mti in _ALONE:
        return _ALONE[mti]
    by_network = _BY_NETWORK.get(mti, {}).get(network_code)
    return by_network or _BY_CODE.get(mti, {}).get(code, "unsupported")
