"""The keys that cards are sealed to on their way here: one for each request, forgotten with it."""

from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from yinyi.kernel.secrets import Sealed, Vault
from yinyi.wire.card_seal import CardRead, Place, unseal_card


class SealKeys:
    """Whoever has listened cannot read afterwards what he has heard: by then the key is gone."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def fresh(self, hospital_id: int, terminal_id: str, request_id: str) -> tuple[bytes, Sealed]:
        """What the card is sealed to, and what opens it, as it is kept."""
        key = X25519PrivateKey.generate()
        kept = self._vault.seal(
            b64encode(key.private_bytes_raw()).decode(), _context(hospital_id, terminal_id, request_id)
        )
        return key.public_key().public_bytes_raw(), kept

    def opened(self, opens_with: Sealed | None, hospital_id: int, place: Place, sealed: bytes) -> CardRead | None:
        """None: it was sealed to another key, for another request, or there is no card in it."""
        if opens_with is None:
            return None
        try:
            kept = self._vault.open(opens_with, _context(hospital_id, place.terminal_id, place.request_id))
            return unseal_card(X25519PrivateKey.from_private_bytes(b64decode(kept)), place, sealed)
        except (ValueError, KeyError, InvalidTag):
            return None


def _context(hospital_id: int, terminal_id: str, request_id: str) -> str:
    return f"card_reading.opens:{hospital_id}:{terminal_id}:{request_id}"
