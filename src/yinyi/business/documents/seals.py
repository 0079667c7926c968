"""What proves that a paper is ours: a code made of its number and of the digest of everything that stands on it."""

import hmac

from yinyi.kernel.ids import ALPHABET
from yinyi.kernel.secrets import Vault

CODE = 16
"""Characters of a code, five bits each: nobody guesses one."""


class Seals:
    """Only whoever has the key makes a code; a paper whose text was changed in the database has another one."""

    def __init__(self, vault: Vault, address: str) -> None:
        """``address``: where people reach the page that verifies, without the code, for example
        ``https://hospital.example/verify``."""
        self._vault = vault
        self._address = address.rstrip("/")

    def address(self, hospital_id: int, document_no: str, digest: bytes) -> str:
        """What the paper's QR code says."""
        return f"{self._address}/{document_no}-{self._code(hospital_id, document_no, digest)}"

    def fits(self, hospital_id: int, document_no: str, digest: bytes, code: str) -> bool:
        """In constant time."""
        return hmac.compare_digest(self._code(hospital_id, document_no, digest).encode(), code.upper().encode())

    def _code(self, hospital_id: int, document_no: str, digest: bytes) -> str:
        index = self._vault.index(f"{hospital_id}/{document_no}/{digest.hex()}", "document.seal")
        return "".join(ALPHABET[byte % 32] for byte in index[:CODE])
