"""Keys in files: made once, read ever after, never readable by others."""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from yinyi.wire.signing.rsa import load_private_key


def private_key(path: Path) -> rsa.RSAPrivateKey:
    """The RSA key of this PEM file; made if there is none."""
    if not path.exists():
        made = rsa.generate_private_key(65537, 2048)
        write(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return load_private_key(path.read_bytes())


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """The public half, to be given away."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def write(path: Path, content: bytes) -> None:
    """All or nothing, and never readable by others, not even for a moment."""
    draft = path.with_suffix(f"{path.suffix}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
