"""Signs replies and callbacks as WeChat Pay, checks merchants' signatures, seals what is sealed."""

import secrets
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from yinyi.kernel.clock import Clock
from yinyi.wire.signing import wechatpay
from yinyi.wire.signing.rsa import sign, verifies
from yinyi.wire.signing.wechatpay import ReplySignature, Unreadable
from yinyi_sandbox.wechatpay.credentials import Credentials, MerchantAccount
from yinyi_sandbox.wechatpay.model import Refusal, rfc3339

WINDOW_S = 300
STALE_S = 3_600


class Seals:
    """WeChat Pay's keys at work."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock
        self._stranger: RSAPrivateKey | None = None

    def signer_for(self, wanted: str) -> str:
        """The serial to sign a reply by: what the request's ``Wechatpay-Serial`` asks for, else the certificate's."""
        ours = self._credentials
        return ours.public_key_id if wanted == ours.public_key_id else ours.platform_serial_no

    def sign(self, signer: str, body: bytes, *, forged: bool = False, age_s: int = 0) -> dict[str, str]:
        """The headers of a reply or a callback. ``forged``: signed by a key that nobody knows."""
        timestamp = int(self._clock.now().timestamp()) - age_s
        nonce = secrets.token_urlsafe(24)
        key = self._strange_key() if forged else self._credentials.signer(signer)
        signature = sign(key, wechatpay.reply_message(timestamp, nonce, body))
        return wechatpay.write_reply_signature(
            ReplySignature(timestamp=timestamp, nonce=nonce, serial=signer, signature=signature)
        )

    def merchant_of(self, authorization: str, method: str, target: str, body: bytes) -> MerchantAccount:
        """The merchant who signed a request.

        Raises:
            Refusal: 401, as WeChat Pay answers.
        """
        try:
            fields = wechatpay.read_authorization(authorization)
        except Unreadable as error:
            raise Refusal(401, "SIGN_ERROR", f"Http头Authorization值格式错误: {error}") from error
        merchant = self._credentials.merchants.get(fields.mchid)
        if merchant is None or merchant.serial_no.lstrip("0") != fields.serial_no.upper().lstrip("0"):
            raise Refusal(401, "SIGN_ERROR", "商户证书序列号有误")
        if abs(self._clock.now().timestamp() - fields.timestamp) > WINDOW_S:
            raise Refusal(401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        message = wechatpay.request_message(method, target, fields.timestamp, fields.nonce, body)
        if not verifies(merchant.key, message, fields.signature):
            raise Refusal(401, "SIGN_ERROR", "签名错误，请检查后再试")
        return merchant

    def certificates(self, merchant: MerchantAccount) -> dict[str, Any]:
        """The reply of ``/v3/certificates``."""
        now = self._clock.now().timestamp()
        sealed = self._seal(merchant, "certificate", self._credentials.platform_certificate)
        return {
            "data": [
                {
                    "serial_no": self._credentials.platform_serial_no,
                    "effective_time": rfc3339(now - 86_400),
                    "expire_time": rfc3339(now + 5 * 365 * 86_400),
                    "encrypt_certificate": sealed,
                }
            ]
        }

    def resource(self, merchant: MerchantAccount, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """The ``resource`` of a callback. ``kind``: ``transaction`` or ``refund``."""
        sealed = self._seal(merchant, kind, msgspec.json.encode(content))
        return sealed | {"original_type": kind}

    def _seal(self, merchant: MerchantAccount, associated_data: str, plaintext: bytes) -> dict[str, Any]:
        nonce = secrets.token_hex(6)
        return {
            "algorithm": wechatpay.RESOURCE_ALGORITHM,
            "nonce": nonce,
            "associated_data": associated_data,
            "ciphertext": wechatpay.seal(merchant.api_key, nonce, associated_data, plaintext),
        }

    def _strange_key(self) -> RSAPrivateKey:
        if self._stranger is None:
            self._stranger = generate_private_key(65537, 2048)
        return self._stranger
