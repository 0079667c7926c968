"""A card on its way from the agent that has read it to whoever asked for it: nobody between can read it.

Sealed as in ``key_entry`` to a key that was made for this one request. It is bound to terminal, request and slot: in
another place it does not open. All are of one length, whatever was read.
"""

from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from yinyi.wire.key_entry import seal, unseal
from yinyi.wire.terminal_line import CardEntry

_LENGTH = 768
"""Of the text before it is sealed: the longest chip data in base64, and all else."""


class CardRead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reader and a PIN pad give. Printed, it shows nothing.

    sequence_no: field 23. expiry: YYMM. chip_data: field 55. pin_block: encrypted in the pad under the PIN key that has
    this check value; a clear PIN never comes this way.
    """

    pan: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{12,19}(?![\s\S])")]
    entry_mode: CardEntry
    sequence_no: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{0,3}(?![\s\S])")] = ""
    expiry: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{4})?(?![\s\S])")] = ""
    chip_data: Annotated[bytes, msgspec.Meta(max_length=255)] = b""
    pin_block: Annotated[bytes, msgspec.Meta(max_length=8)] = b""
    pin_key_check: Annotated[bytes, msgspec.Meta(max_length=8)] = b""

    def __repr__(self) -> str:
        return f"CardRead({self.entry_mode})"


class Place(msgspec.Struct, frozen=True):
    """Where a card was read, what for, and in which session's name."""

    terminal_id: str
    request_id: str
    slot: str

    @property
    def context(self) -> str:
        return "\0".join(("yinyi card", self.terminal_id, self.request_id, self.slot))


_read = msgspec.json.Decoder(CardRead)


def seal_card(seal_key: bytes, place: Place, card: CardRead) -> bytes:
    """``seal_key``: the public key that came with the request.

    Raises:
        ValueError: this is no public key.
    """
    return seal(seal_key, place.context, msgspec.json.encode(card).ljust(_LENGTH))


def unseal_card(private_key: X25519PrivateKey, place: Place, sealed: bytes) -> CardRead:
    """
    Raises:
        ValueError: altered, sealed for another request, or no card in it. It says nothing of what is in it.
    """
    text = unseal(private_key, place.context, sealed)
    try:
        return _read.decode(text)
    except msgspec.MsgspecError:
        raise ValueError("there is no card in it") from None
    finally:
        text[:] = bytes(len(text))
