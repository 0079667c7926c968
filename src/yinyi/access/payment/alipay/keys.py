"""Keys: those a merchant signs with, and those he knows Alipay by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from yinyi.access.payment.alipay.config import MerchantSettings
from yinyi.access.payment.key_files import content, loaded, secret
from yinyi.wire.signing import alipay
from yinyi.wire.signing.rsa import load_private_key, load_public_key


@dataclass(frozen=True)
class Merchant:
    """An application with its keys in memory."""

    name: str
    app_id: str
    seller_id: str
    private_key: RSAPrivateKey = field(repr=False)
    alipay_key: RSAPublicKey

    def recognises(self, notice: Mapping[str, str]) -> bool:
        """Whether a notice is for this merchant, and Alipay signed it."""
        named = (notice.get("app_id"), notice.get("seller_id"))
        return named == (self.app_id, self.seller_id) and alipay.notice_verifies(self.alipay_key, notice)


def load_merchant(name: str, settings: MerchantSettings) -> Merchant:
    """Reads a merchant's keys from their files.

    Raises:
        ValueError: a file is missing, open to others, or holds something else; the text names the file.
    """
    private, public = settings.private_key_file, settings.alipay_public_key_file
    merchant = Merchant(
        name=name,
        app_id=settings.app_id,
        seller_id=settings.seller_id,
        private_key=loaded(private, load_private_key, secret(private)),
        alipay_key=loaded(public, load_public_key, content(public)),
    )
    if merchant.alipay_key.public_numbers() == merchant.private_key.public_key().public_numbers():
        raise ValueError(f"{public} is our own public key; Alipay's is needed")
    return merchant
