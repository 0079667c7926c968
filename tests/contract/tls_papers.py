"""An authority of a test's own, and certificates by it, made once."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """``ca_file``: its certificate."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = _key(name)
        self._name = name
        self.ca_file = str(folder / f"{name}.pem")
        made = _begun(name, name, self._key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        Path(self.ca_file).write_bytes(made.sign(self._key, SHA256()).public_bytes(Encoding.PEM))

    def papers(self, host: str, *, since_days: int = 1, for_days: int = 30, at: datetime | None = None) -> str:
        """A certificate for a host, and its key: one file, 0600. at: whatever the time is there."""
        key = _key(host)
        begun = _begun(host, self._name, key, since_days, for_days, at)
        made = begun.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = self._folder / f"{host} by {self._name}.pem"
        path.touch(mode=0o600)
        path.write_bytes(made.sign(self._key, SHA256()).public_bytes(Encoding.PEM) + secret)
        return str(path)


@cache
def _key(_: str) -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def _begun(
    name: str,
    by: str,
    key: EllipticCurvePrivateKey,
    since_days: int = 1,
    for_days: int = 30,
    at: datetime | None = None,
) -> x509.CertificateBuilder:
    since = (at or datetime.now(UTC)) - timedelta(days=since_days)
    return (
        x509.CertificateBuilder()
        .subject_name(_called(name))
        .issuer_name(_called(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=for_days))
    )


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
