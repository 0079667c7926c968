"""Signs replies and notices as Alipay, and checks merchants' signatures."""

from collections.abc import Mapping
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from yinyi.wire.signing import alipay, rsa
from yinyi_sandbox.alipay.credentials import Credentials, MerchantAccount
from yinyi_sandbox.alipay.model import Refusal

_REQUIRED = ("app_id", "method", "charset", "sign_type", "sign", "timestamp", "version", "biz_content")


class Seals:
    """Alipay's keys at work."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def merchant_of(self, params: Mapping[str, str]) -> MerchantAccount:
        """The merchant who signed a request.

        Raises:
            Refusal: as Alipay's gateway answers.
        """
        missing = next((name for name in _REQUIRED if not params.get(name)), None)
        if missing:
            raise Refusal("40001", f"isv.missing-{missing}".replace("_", "-"), f"缺少参数 {missing}")
        merchant = self._credentials.merchants.get(params["app_id"])
        if merchant is None:
            raise Refusal("40002", "isv.invalid-app-id", "无效的AppID参数")
        if params["sign_type"] != alipay.SIGN_TYPE:
            raise Refusal("40002", "isv.invalid-signature-type", "无效的签名类型")
        if not alipay.verifies(merchant.key, params):
            raise Refusal("40002", "isv.invalid-signature", "验签出错，请检查签名")
        return merchant

    def reply(self, name: str, content: bytes, *, forged: bool = False, unsigned: bool = False) -> bytes:
        """``forged``: signed by a key that nobody knows."""
        key = self._strange_key if forged else self._credentials.alipay_key
        return alipay.write_signed(name, content, "" if unsigned else rsa.sign(key, content))

    def notice(self, fields: Mapping[str, str], *, forged: bool = False) -> dict[str, str]:
        """The fields with their signature."""
        key = self._strange_key if forged else self._credentials.alipay_key
        signature = rsa.sign(key, alipay.notice_text(fields).encode())
        return dict(fields) | {"sign_type": alipay.SIGN_TYPE, "sign": signature}

    @cached_property
    def _strange_key(self) -> RSAPrivateKey:
        return generate_private_key(65537, 2048)
