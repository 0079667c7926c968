"""RSA signatures: any change of a bit, anywhere, is seen; another library finds ours good and we find its good."""

import shutil
import subprocess
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import examples
from yinyi.wire.signing.certificate import read_certificate
from yinyi.wire.signing.rsa import load_private_key, load_public_key, rsa_public_key, sign, verifies

KEY = rsa.generate_private_key(65537, 2048)
MESSAGE = "GET\n/v3/certificates\n1700000000\nnonce\n{“金额”:1}\n".encode()


def private_pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def public_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@given(st.binary(max_size=500), st.data())
@settings(max_examples=examples(50))
def test_a_flipped_bit_in_the_message_is_seen(message: bytes, data: st.DataObject) -> None:
    signature = sign(KEY, message)
    assert verifies(KEY.public_key(), message, signature)
    changed = bytearray(message + b"\0")
    bit = data.draw(st.integers(0, len(changed) * 8 - 1))
    changed[bit // 8] ^= 1 << (bit % 8)
    assert not verifies(KEY.public_key(), bytes(changed), signature)


@given(st.integers(0, 2047))
@settings(max_examples=examples(50))
def test_a_flipped_bit_in_the_signature_is_seen(bit: int) -> None:
    raw = bytearray(b64decode(sign(KEY, MESSAGE)))
    raw[bit // 8] ^= 1 << (bit % 8)
    assert not verifies(KEY.public_key(), MESSAGE, b64encode(raw).decode())


@given(st.text(max_size=400))
def test_any_text_as_a_signature_is_refused(text: str) -> None:
    assert not verifies(KEY.public_key(), MESSAGE, text)


def test_openssl_agrees(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    assert openssl, "the tests need the openssl command"
    key, public, message, signature = (tmp_path / name for name in ("key", "public", "message", "signature"))
    key.write_bytes(private_pem(KEY))
    public.write_bytes(public_pem(KEY))
    message.write_bytes(MESSAGE)
    signature.write_bytes(b64decode(sign(load_private_key(key.read_bytes()), MESSAGE)))
    checked = subprocess.run(
        [openssl, "dgst", "-sha256", "-verify", public, "-signature", signature, message], capture_output=True
    )
    assert checked.returncode == 0, checked.stderr
    made = subprocess.run([openssl, "dgst", "-sha256", "-sign", key, message], capture_output=True, check=True)
    assert verifies(load_public_key(public.read_bytes()), MESSAGE, b64encode(made.stdout).decode())


def test_only_rsa_keys_of_some_length_are_loaded() -> None:
    short = rsa.generate_private_key(65537, 1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    locked = private_pem(KEY, BestAvailableEncryption(b"secret"))
    for pem in (b"", b"nonsense", private_pem(short), private_pem(curve), locked, public_pem(KEY)):
        with pytest.raises(ValueError):
            load_private_key(pem)
    for pem in (b"", b"nonsense", public_pem(short), public_pem(curve), private_pem(KEY)):
        with pytest.raises(ValueError):
            load_public_key(pem)
    with pytest.raises(ValueError):
        rsa_public_key("a key")


def test_a_certificate_is_good_in_its_time() -> None:
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    ends = begins + timedelta(days=5 * 365)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tenpay.com sign")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(0xAB12)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .sign(KEY, SHA256())
    )
    certificate = read_certificate(made.public_bytes(Encoding.PEM))
    assert certificate.serial_no == "AB12"
    assert certificate.key.public_numbers() == KEY.public_key().public_numbers()
    assert [certificate.is_good_at(begins + timedelta(days=days)) for days in (-1, 0, 900, 5 * 365 + 1)] == [
        False,
        True,
        True,
        False,
    ]
    with pytest.raises(ValueError):
        read_certificate(public_pem(KEY))
