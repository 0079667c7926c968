"""What is needed of whoever can use the keys of institutions' lines: the key store, with what is loaded there."""

from typing import Protocol

from yinyi.business.institutions.model import KeyAlgorithm, SessionKey


class SessionKeys(Protocol):
    """Keys for MACs that institutions bring when they sign on. None is ever seen in clear."""

    async def take(
        self, hospital_id: int, institution_id: str, delivered: bytes, check_value: bytes
    ) -> SessionKey | None:
        """A key of 16 bytes as it came, under the institution's master key. None: it does not agree with its check
        value, or two people have loaded no master key for this institution."""
        ...

    async def mac(self, institution_id: str, key: SessionKey, algorithm: KeyAlgorithm, document: bytes) -> bytes | None:
        """8 bytes by X9.19, 32 by the other one. None: the key does not open any more; its owner signs on anew."""
        ...
