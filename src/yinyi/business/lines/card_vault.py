"""Card data at rest: sealed, and no more of it than the next message may need."""

from base64 import b64decode, b64encode

import msgspec

from yinyi.business.lines.session_model import Card, EntryMode
from yinyi.kernel.secrets import Sealed, Vault

CONTEXT = "line_message.card"


class _Kept(msgspec.Struct, frozen=True):
    pan: str
    entry_mode: EntryMode
    sequence_no: str = ""
    expiry: str = ""
    chip_data: str = ""

    def __repr__(self) -> str:
        return "_Kept()"


_read = msgspec.json.Decoder(_Kept)


class CardVault:
    """PIN blocks are never kept. Chip data are kept while a reversal may need them."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, card: Card, *, with_chip_data: bool) -> Sealed:
        chip_data = b64encode(card.chip_data).decode() if with_chip_data else ""
        kept = _Kept(card.pan, card.entry_mode, card.sequence_no, card.expiry, chip_data)
        return self._vault.seal(msgspec.json.encode(kept).decode(), CONTEXT)

    def open(self, sealed: Sealed) -> Card:
        kept = _read.decode(self._vault.open(sealed, CONTEXT))
        return Card(
            pan=kept.pan,
            entry_mode=kept.entry_mode,
            sequence_no=kept.sequence_no,
            expiry=kept.expiry,
            chip_data=b64decode(kept.chip_data),
        )
