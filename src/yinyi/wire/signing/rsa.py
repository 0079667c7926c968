"""RSA signatures as the wallets use them: PKCS #1 v1.5 over SHA-256, written in base64."""

import binascii
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

_PADDING = PKCS1v15()
_HASH = SHA256()
_LEAST_BITS = 2048


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """The signature of the exact bytes, in base64."""
    return b64encode(key.sign(message, _PADDING, _HASH)).decode("ascii")


def verifies(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether the base64 signature is this key's over exactly these bytes."""
    try:
        key.verify(b64decode(signature, validate=True), message, _PADDING, _HASH)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def load_private_key(pem: bytes) -> RSAPrivateKey:
    """An RSA private key of at least 2048 bits out of an unencrypted PEM.

    Raises:
        ValueError: it is something else. The text never quotes the key.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("not an unencrypted PEM private key") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA private key")
    if key.key_size < _LEAST_BITS:
        raise ValueError(f"an RSA key of {key.key_size} bits is too short")
    return key


def load_public_key(pem: bytes) -> RSAPublicKey:
    """An RSA public key of at least 2048 bits out of a PEM.

    Raises:
        ValueError: it is something else.
    """
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise ValueError("not a PEM public key") from error
    return rsa_public_key(key)


def rsa_public_key(key: object) -> RSAPublicKey:
    """The key, if it is an RSA key that is long enough.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA public key")
    if key.key_size < _LEAST_BITS:
        raise ValueError(f"an RSA key of {key.key_size} bits is too short")
    return key
