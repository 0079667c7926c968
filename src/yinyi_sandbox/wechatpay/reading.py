"""What merchants send: read, and refused where WeChat Pay would refuse it."""

import re
from typing import TypeVar

import msgspec

from yinyi_sandbox.wechatpay.credentials import MerchantAccount
from yinyi_sandbox.wechatpay.model import Refusal

MOST_FEN = 100_000_000

Asked = TypeVar("Asked", bound=msgspec.Struct)

_NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    total: int
    currency: str = "CNY"


def read(body: bytes, kind: type[Asked]) -> Asked:
    """
    Raises:
        Refusal: the body is not such a thing.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise Refusal(400, "PARAM_ERROR", f"无法将输入源映射到目标字段: {error}") from error


def require(holds: bool, code: str, message: str) -> None:
    """
    Raises:
        Refusal: it does not hold.
    """
    if not holds:
        raise Refusal(400, code, message)


def require_merchant(merchant: MerchantAccount, mchid: str, appid: str) -> None:
    """Whoever signs may only speak for himself."""
    require(mchid == merchant.mchid, "PARAM_ERROR", "商户号与签名不一致")
    require(appid == merchant.appid, "APPID_MCHID_NOT_MATCH", "AppID和mch_id不匹配")


def require_order(out_trade_no: str, amount: Amount, description: str) -> None:
    """What every order has to have."""
    require(bool(_NUMBER.fullmatch(out_trade_no)), "PARAM_ERROR", "商户订单号格式错误")
    require(1 <= amount.total <= MOST_FEN, "PARAM_ERROR", "订单金额错误")
    require(amount.currency == "CNY", "PARAM_ERROR", "货币类型错误")
    require(1 <= len(description.encode()) <= 127, "PARAM_ERROR", "商品描述错误")
