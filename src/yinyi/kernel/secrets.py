"""Personal numbers at rest: AES-256-GCM under a named key, and a keyed blind index to look them up by."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


@dataclass(frozen=True)
class Sealed:
    """``nonce ‖ ciphertext ‖ tag`` and the key it was made with."""

    key_id: int
    data: bytes


class Vault:
    """Seals, opens and indexes. Keys are 32 bytes each; the highest key id seals, all open.

    The blind index has a key of its own that does not rotate with the others.
    """

    def __init__(self, keys: dict[int, bytes], index_key: bytes) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = max(keys)
        self._index_key = index_key

    def seal(self, text: str, context: str) -> Sealed:
        """``context`` (for example ``credential.number``) is bound to the text: moved elsewhere it does not open."""
        nonce = secrets.token_bytes(_NONCE)
        data = nonce + self._ciphers[self._current].encrypt(nonce, text.encode(), context.encode())
        return Sealed(self._current, data)

    def open(self, sealed: Sealed, context: str) -> str:
        """
        Raises:
            cryptography.exceptions.InvalidTag: altered, or sealed for another context.
        """
        cipher = self._ciphers[sealed.key_id]
        return cipher.decrypt(sealed.data[:_NONCE], sealed.data[_NONCE:], context.encode()).decode()

    def index(self, text: str, context: str) -> bytes:
        """16 bytes that are equal exactly for equal texts in one context."""
        message = f"{context}\0{text}".encode()
        return hmac.new(self._index_key, message, hashlib.sha256).digest()[:16]


def digest(secret: str) -> bytes:
    """What is stored of a random token: nobody can turn it back, and nobody needs a slow hash for 32 random bytes."""
    return hashlib.sha256(secret.encode()).digest()


def load_vault(folder: Path) -> Vault:
    """Keys from ``folder`` (``vault-1.key``, ``vault-2.key`` …, ``index.key``), made at first start, mode 0600."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    index_key = read_or_make(folder / "index.key")
    read_or_make(folder / "vault-1.key")
    keys = {int(path.stem.split("-")[1]): path.read_bytes() for path in folder.glob("vault-*.key")}
    return Vault(keys, index_key)


def read_or_make(path: Path, size: int = 32) -> bytes:
    """The bytes of a key file; made of random bytes, 0600, complete or not at all, if there is none."""
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(secrets.token_bytes(size))
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()
