"""The keys of both sides, made once: WeChat Pay's here, and the merchants' with a settings file for them."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from yinyi.wire.signing.certificate import read_certificate
from yinyi_sandbox.channel.key_files import private_key, public_pem, write

Trust = Literal["public_key", "certificates"]

_CERTIFICATE_LIFE = timedelta(days=5 * 365)
_MERCHANTS = {
    "outpatient": ("9900000001", "示范医院门诊 Demo Hospital Outpatients"),
    "inpatient": ("9900000002", "示范医院住院 Demo Hospital Inpatients"),
}
_APPID = "wxdemo0123456789ab"
_PUBLIC_KEY_ID = "PUB_KEY_ID_0199000000012026010100000000000001"


@dataclass(frozen=True)
class MerchantAccount:
    """A merchant as WeChat Pay knows him: the public half of his keys, and the APIv3 key that both share."""

    name: str
    display_name: str
    mchid: str
    appid: str
    serial_no: str
    key: rsa.RSAPublicKey
    api_key: bytes


@dataclass(frozen=True)
class Credentials:
    """What the sandbox signs with, whom it knows, and where the hospital's side lies."""

    platform_key: rsa.RSAPrivateKey
    platform_certificate: bytes
    platform_serial_no: str
    public_key_id: str
    public_key: rsa.RSAPrivateKey
    merchants: dict[str, MerchantAccount]
    """By merchant number."""
    settings_file: Path
    """JSON that the platform's connector reads; it names the merchants' key files."""

    def signer(self, serial: str) -> rsa.RSAPrivateKey:
        return self.public_key if serial == self.public_key_id else self.platform_key


def make_credentials(
    directory: Path, base_url: str, now: datetime, trust: Trust = "public_key", settings_file: Path | None = None
) -> Credentials:
    """Makes what is missing in the directory, reads what is there, and writes the settings file for this base URL.

    directory/wechatpay/… is WeChat Pay's side, directory/merchant/… the hospital's; all files are 0600.
    ``settings_file``: where the connector's settings go; otherwise directory/merchant/settings.json.
    """
    ours, theirs = directory / "wechatpay", directory / "merchant"
    for folder in (directory, ours, theirs):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    platform_key = private_key(ours / "platform_key.pem")
    certificate = _certificate(ours / "platform_certificate.pem", platform_key, "Tenpay.com sandbox", now)
    public_key = private_key(ours / "public_key_private.pem")
    write(theirs / "wechatpay_public_key.pem", public_pem(public_key))
    accounts = [_account(theirs, name, now) for name in _MERCHANTS]
    settings_file = settings_file or theirs / "settings.json"
    write(settings_file, _settings(theirs, base_url, accounts, trust))
    return Credentials(
        platform_key=platform_key,
        platform_certificate=certificate,
        platform_serial_no=read_certificate(certificate).serial_no,
        public_key_id=_PUBLIC_KEY_ID,
        public_key=public_key,
        merchants={account.mchid: account for account in accounts},
        settings_file=settings_file,
    )


def _account(theirs: Path, name: str, now: datetime) -> MerchantAccount:
    mchid, display_name = _MERCHANTS[name]
    key = private_key(theirs / f"{name}_key.pem")
    certificate = _certificate(theirs / f"{name}_certificate.pem", key, mchid, now)
    api_key_file = theirs / f"{name}_api.key"
    if not api_key_file.exists():
        write(api_key_file, secrets.token_hex(16).encode())
    return MerchantAccount(
        name=name,
        display_name=display_name,
        mchid=mchid,
        appid=_APPID,
        serial_no=read_certificate(certificate).serial_no,
        key=key.public_key(),
        api_key=api_key_file.read_bytes(),
    )


def _settings(theirs: Path, base_url: str, accounts: list[MerchantAccount], trust: Trust) -> bytes:
    by_public_key = {
        "public_key_id": _PUBLIC_KEY_ID,
        "public_key_file": str(theirs.resolve() / "wechatpay_public_key.pem"),
    }
    merchants = {
        account.name: {
            "mchid": account.mchid,
            "appid": account.appid,
            "serial_no": account.serial_no,
            "private_key_file": str(theirs.resolve() / f"{account.name}_key.pem"),
            "api_key_file": str(theirs.resolve() / f"{account.name}_api.key"),
            **(by_public_key if trust == "public_key" else {"certificates": True}),
        }
        for account in accounts
    }
    return msgspec.json.format(msgspec.json.encode({"base_url": base_url, "merchants": merchants}))


def _certificate(path: Path, key: rsa.RSAPrivateKey, subject: str, now: datetime) -> bytes:
    if path.exists():
        known = path.read_bytes()
        if read_certificate(known).is_good_at(now):
            return known
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _CERTIFICATE_LIFE)
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )
    write(path, made)
    return made
