"""The bank's certificate, by nobody but itself: made once, for lines that speak TLS."""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from yinyi_sandbox.channel.key_files import write

_LIFE = timedelta(days=3650)


def own_file(directory: Path, host: str, now: datetime) -> str:
    """Certificate and key of the bank under this name, 0600; now: by the system's clock, as TLS looks at it."""
    path = directory.resolve() / f"tls-{host}.pem"
    if not path.exists():
        key = generate_private_key(SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + _LIFE)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(key, SHA256())
        )
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write(path, made.public_bytes(Encoding.PEM) + secret)
    return str(path)


def shown_file(own: str) -> str:
    """The certificate alone: what a hospital is given in order to believe it."""
    path = Path(own).with_suffix(".crt")
    if not path.exists():
        certificate = x509.load_pem_x509_certificate(Path(own).read_bytes())
        write(path, certificate.public_bytes(Encoding.PEM))
    return str(path)
