"""The little that wallets need of X.509: a public key, its serial number, and how long it is good."""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate

from yinyi.wire.signing.rsa import rsa_public_key


@dataclass(frozen=True)
class Certificate:
    """A public key with a name and a life. ``serial_no`` is upper-case hexadecimal, as WeChat Pay writes it."""

    serial_no: str
    key: RSAPublicKey
    good_from: datetime
    good_until: datetime

    def is_good_at(self, instant: datetime) -> bool:
        return self.good_from <= instant <= self.good_until


def read_certificate(pem: bytes) -> Certificate:
    """Reads one PEM certificate; its chain is not followed (who sends it vouches for it otherwise).

    Raises:
        ValueError: not a certificate of an RSA key.
    """
    parsed = load_pem_x509_certificate(pem)
    return Certificate(
        serial_no=format(parsed.serial_number, "X"),
        key=rsa_public_key(parsed.public_key()),
        good_from=parsed.not_valid_before_utc,
        good_until=parsed.not_valid_after_utc,
    )
