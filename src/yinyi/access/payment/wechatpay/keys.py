"""Keys: those a merchant signs with, and those he knows WeChat Pay by."""

from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from yinyi.access.payment import key_files
from yinyi.access.payment.wechatpay.config import MerchantSettings
from yinyi.access.payment.wechatpay.messages import Certificates
from yinyi.wire.signing import wechatpay
from yinyi.wire.signing.certificate import Certificate, read_certificate
from yinyi.wire.signing.rsa import load_private_key, load_public_key, verifies
from yinyi.wire.signing.wechatpay import ReplySignature, Unreadable

_certificates = msgspec.json.Decoder(Certificates)


@dataclass
class Merchant:
    """A merchant number with its keys in memory. ``certificates``: WeChat Pay's, by serial number."""

    name: str
    mchid: str
    appid: str
    serial_no: str
    private_key: RSAPrivateKey = field(repr=False)
    api_key: bytes = field(repr=False)
    public_key_id: str
    public_key: RSAPublicKey | None
    takes_certificates: bool
    certificates: dict[str, Certificate] = field(default_factory=dict[str, Certificate])

    def knows(self, serial: str, now: datetime) -> bool:
        return self._key(serial, now) is not None

    def recognises(self, signature: ReplySignature, body: bytes, now: datetime) -> bool:
        """Whether WeChat Pay signed exactly these bytes, as this merchant knows it."""
        key = self._key(signature.serial, now)
        message = wechatpay.reply_message(signature.timestamp, signature.nonce, body)
        return key is not None and verifies(key, message, signature.signature)

    def can_verify(self, now: datetime) -> bool:
        return self.public_key is not None or any(each.is_good_at(now) for each in self.certificates.values())

    def learn(self, signature: ReplySignature, body: bytes, now: datetime) -> None:
        """Takes the platform certificates out of a reply of ``/v3/certificates``.

        The APIv3 key opened them, so they are from WeChat Pay; one of them must have signed the reply.

        Raises:
            Unreadable: not such a reply, or not signed by what it brings.
        """
        try:
            sealed = [each.encrypt_certificate for each in _certificates.decode(body).data]
            opened = [
                wechatpay.unseal(self.api_key, each.nonce, each.associated_data, each.ciphertext) for each in sealed
            ]
            brought = {_plain(each.serial_no): each for each in map(read_certificate, opened)}
        except (msgspec.MsgspecError, ValueError) as error:
            raise Unreadable("not a list of platform certificates") from error
        signer = brought.get(_plain(signature.serial))
        message = wechatpay.reply_message(signature.timestamp, signature.nonce, body)
        by_public_key = signature.serial == self.public_key_id and self.recognises(signature, body, now)
        if not by_public_key and (signer is None or not verifies(signer.key, message, signature.signature)):
            raise Unreadable("the list of platform certificates is not signed by one of them")
        self.certificates = brought

    def _key(self, serial: str, now: datetime) -> RSAPublicKey | None:
        if self.public_key is not None and serial == self.public_key_id:
            return self.public_key
        certificate = self.certificates.get(_plain(serial))
        return certificate.key if certificate and certificate.is_good_at(now) else None


def load_merchant(name: str, settings: MerchantSettings) -> Merchant:
    """Reads a merchant's keys from their files.

    Raises:
        ValueError: a file is missing, open to others, or holds something else; the text names the file.
    """
    if bool(settings.public_key_id) != bool(settings.public_key_file):
        raise ValueError(f"merchant {name}: public_key_id and public_key_file belong together")
    api_key = key_files.secret(settings.api_key_file).strip()
    if len(api_key) != wechatpay.API_KEY_BYTES:
        raise ValueError(f"{settings.api_key_file}: an APIv3 key has {wechatpay.API_KEY_BYTES} characters")
    public = settings.public_key_file
    return Merchant(
        name=name,
        mchid=settings.mchid,
        appid=settings.appid,
        serial_no=settings.serial_no,
        private_key=key_files.loaded(
            settings.private_key_file, load_private_key, key_files.secret(settings.private_key_file)
        ),
        api_key=api_key,
        public_key_id=settings.public_key_id,
        public_key=key_files.loaded(public, load_public_key, key_files.content(public)) if public else None,
        takes_certificates=settings.certificates or not public,
    )


def _plain(serial: str) -> str:
    return serial.upper().lstrip("0")
