"""Keys of a session: the master key that both sides were given, and the working keys of each sign-on.

What works with a key is kept ready for the sessions that have spoken last: nothing here is a secret to the sandbox.
"""

import hmac
import secrets
from collections.abc import Callable
from functools import lru_cache

import msgspec

from yinyi.wire.iso8583.des import check_value, ecb_decryptor, encrypt_ecb
from yinyi.wire.iso8583.mac import maker
from yinyi.wire.iso8583.model import Profile
from yinyi.wire.iso8583.pin import read_pin_block
from yinyi.wire.iso8583.working_keys import DeliveredKey, KeyLayout, Purpose, join_keys
from yinyi_sandbox.bank.model import Session

_BLOCKS: dict[KeyLayout, int] = {50: 2, 75: 3, 100: 4}
_KEYS: dict[KeyLayout, int] = {24: 2, 40: 2, 56: 3, 60: 3}
_PURPOSES: tuple[Purpose, ...] = ("pik", "mak", "tdk", "further")
_ATTRIBUTE = b"\x01"
_MOST_READY = 512
SINGLE = "001"
LAYOUTS: dict[str, KeyLayout] = {SINGLE: 24, "003": 40, "004": 60}
"""Which layout answers which network management code (60.3); ``Pace.layouts`` has others."""


def new_key(size: int = 16) -> bytes:
    """Random, of odd parity, its halves not the same."""
    return bytes(byte & 0xFE | (byte.bit_count() - (byte & 1) + 1) % 2 for byte in secrets.token_bytes(size))


def begin_day(
    session: Session, profile: Profile, network_code: str, layout: KeyLayout, day: str
) -> tuple[Session, bytes]:
    """The session with new working keys, and field 62 that brings them to the terminal. network_code: 60.3, by which it
    asks for a PIK of 8 bytes or of 16."""
    mak_bytes = 8 if layout == 24 else profile.mak_bytes
    sizes: dict[Purpose, int] = {"pik": 8 if network_code == SINGLE else 16, "mak": mak_bytes}
    count = _BLOCKS.get(layout) or _KEYS[layout]
    keys: dict[Purpose, bytes] = {purpose: new_key(sizes.get(purpose, 16)) for purpose in _PURPOSES[:count]}
    signed_on = msgspec.structs.replace(session, pik=keys["pik"], mak=keys["mak"], signed_on=day)
    return signed_on, join_keys(layout, [_delivered(session.tmk, layout, *each) for each in keys.items()])


def _delivered(tmk: bytes, layout: KeyLayout, purpose: Purpose, key: bytes) -> DeliveredKey:
    in_block = layout in _BLOCKS
    size = 8 if in_block else 0 if layout == 56 and purpose == "tdk" else 4
    encrypted = encrypt_ecb(tmk, key)
    return DeliveredKey(
        purpose=purpose,
        encrypted=encrypted,
        check_value=check_value(key, 8)[:size],
        attribute=_ATTRIBUTE if in_block else b"",
    )


def seal(profile: Profile, session: Session, data: bytes) -> bytes:
    """The MAC of an answer."""
    return _maker(profile.mac, session.mak)(data)


def is_sealed(profile: Profile, session: Session, data: bytes, given: bytes) -> bool:
    """Whether a request carries a MAC and it is right."""
    return bool(data and session.mak) and hmac.compare_digest(_maker(profile.mac, session.mak)(data), given)


def clear_pin(session: Session, encrypted: bytes, pan: str | None) -> str:
    """What the payer has entered. ``pan`` None: a block without a card number.

    Raises:
        FieldError: not a block of this form under this session's PIK.
    """
    return read_pin_block(_opener(session.pik), encrypted, pan)


_maker = lru_cache(maxsize=_MOST_READY)(maker)


@lru_cache(maxsize=_MOST_READY)
def _opener(pik: bytes) -> Callable[[bytes], bytes]:
    return ecb_decryptor(pik).update
