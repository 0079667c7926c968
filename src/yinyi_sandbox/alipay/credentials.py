"""The keys of both sides, made once: Alipay's here, and the merchants' with a settings file for them."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from yinyi_sandbox.channel.key_files import private_key, public_pem, write

_MERCHANTS = {
    "outpatient": ("2099000000000001", "2088990000000001", "示范医院门诊 Demo Hospital Outpatients"),
    "inpatient": ("2099000000000002", "2088990000000002", "示范医院住院 Demo Hospital Inpatients"),
}


@dataclass(frozen=True)
class MerchantAccount:
    """An application as Alipay knows it, with the public half of its key."""

    name: str
    display_name: str
    app_id: str
    seller_id: str
    key: rsa.RSAPublicKey


@dataclass(frozen=True)
class Credentials:
    """What the sandbox signs with, whom it knows, and where the hospital's side lies."""

    alipay_key: rsa.RSAPrivateKey
    merchants: dict[str, MerchantAccount]
    """By application."""
    settings_file: Path
    """JSON that the platform's connector reads; it names the merchants' key files."""


def make_credentials(directory: Path, gateway_url: str, settings_file: Path | None = None) -> Credentials:
    """Makes what is missing in the directory, reads what is there, and writes the settings file for this gateway.

    directory/alipay/… is Alipay's side, directory/merchant/… the hospital's; all files are 0600.
    ``settings_file``: where the connector's settings go; otherwise directory/merchant/settings.json.
    """
    ours, theirs = directory / "alipay", directory / "merchant"
    for folder in (directory, ours, theirs):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    alipay_key = private_key(ours / "alipay_key.pem")
    write(theirs / "alipay_public_key.pem", public_pem(alipay_key))
    accounts = [_account(theirs, name) for name in _MERCHANTS]
    settings_file = settings_file or theirs / "settings.json"
    write(settings_file, _settings(theirs, gateway_url, accounts))
    return Credentials(alipay_key, {account.app_id: account for account in accounts}, settings_file)


def _account(theirs: Path, name: str) -> MerchantAccount:
    app_id, seller_id, display_name = _MERCHANTS[name]
    key = private_key(theirs / f"{name}_key.pem").public_key()
    return MerchantAccount(name=name, display_name=display_name, app_id=app_id, seller_id=seller_id, key=key)


def _settings(theirs: Path, gateway_url: str, accounts: list[MerchantAccount]) -> bytes:
    merchants = {
        account.name: {
            "app_id": account.app_id,
            "seller_id": account.seller_id,
            "private_key_file": str(theirs.resolve() / f"{account.name}_key.pem"),
            "alipay_public_key_file": str(theirs.resolve() / "alipay_public_key.pem"),
        }
        for account in accounts
    }
    return msgspec.json.format(msgspec.json.encode({"gateway_url": gateway_url, "merchants": merchants}))
