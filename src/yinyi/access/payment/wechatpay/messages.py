"""The JSON of WeChat Pay API v3, as far as we write or read it; what is personal (openid) is not even read.

Facts: https://pay.weixin.qq.com/doc/v3/merchant/4012791877 (native order), 4013070356 (query), 4012556398 (close),
4012552567 (refund), 4014959631 (refund practice), 4012382150 (code payment), and for reversing
https://pay.weixin.qq.com/docs/merchant/apis/code-payment-v3/direct/reverse.html
"""

import msgspec


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """``total``, ``payer_total`` in fen."""

    total: int
    currency: str = "CNY"
    payer_total: int | None = None


class NativeOrder(msgspec.Struct, frozen=True, kw_only=True):
    appid: str
    mchid: str
    description: str
    out_trade_no: str
    time_expire: str
    notify_url: str
    amount: Amount


class Code(msgspec.Struct, frozen=True):
    code_url: str


class Payer(msgspec.Struct, frozen=True):
    """``auth_code``: the digits on the payer's phone. Whoever has them can take his money, so they are never shown."""

    auth_code: str

    def __repr__(self) -> str:
        return "Payer()"


class Store(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``id``: given by WeChat Pay, ``out_id``: ours."""

    id: str = ""
    out_id: str = ""


class Scene(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the code was scanned."""

    store_info: Store
    device_id: str = ""
    device_ip: str = ""


class CodeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A code payment knows neither an end nor a callback: WeChat Pay revokes it 45 s after it was made."""

    appid: str
    mchid: str
    description: str
    out_trade_no: str
    payer: Payer
    amount: Amount
    scene_info: Scene


class Close(msgspec.Struct, frozen=True):
    mchid: str


class Reverse(msgspec.Struct, frozen=True):
    appid: str
    mchid: str


class Reversed(msgspec.Struct, frozen=True):
    mchid: str
    out_trade_no: str


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a query or a callback tells it. Before it is paid, the amount may be missing."""

    mchid: str
    out_trade_no: str
    trade_state: str
    trade_state_desc: str = ""
    amount: Amount | None = None
    transaction_id: str = ""
    trade_type: str = ""
    bank_type: str = ""
    success_time: str = ""


class RefundAmount(msgspec.Struct, frozen=True, kw_only=True):
    """``refund``: of this refund, ``total``: of the order, in fen."""

    refund: int
    total: int
    currency: str = "CNY"


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True):
    out_trade_no: str
    out_refund_no: str
    reason: str
    notify_url: str
    amount: RefundAmount


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as the request, a query or a callback tells it.

    The state is called ``status`` in replies and ``refund_status`` in callbacks, where ``mchid`` comes too.
    """

    out_refund_no: str
    out_trade_no: str
    amount: RefundAmount
    refund_id: str = ""
    mchid: str = ""
    status: str = ""
    refund_status: str = ""
    channel: str = ""
    create_time: str = ""
    success_time: str = ""


class Failure(msgspec.Struct, frozen=True):
    code: str
    message: str = ""


class SealedResource(msgspec.Struct, frozen=True, kw_only=True):
    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str = ""


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    event_type: str
    resource: SealedResource


class SealedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    serial_no: str
    encrypt_certificate: SealedResource


class Certificates(msgspec.Struct, frozen=True, kw_only=True):
    data: list[SealedCertificate]
