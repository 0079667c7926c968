"""Settings of the Alipay connector. What public material does not settle is a setting, marked (m)."""

from typing import Literal

import msgspec

from yinyi.business.payments.rules import Pace


class MerchantSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One application with its own keys. The private key's file belongs to the platform's user, 0600.

    app_id: of the application. seller_id: the account that is paid, 16 digits beginning 2088.
    private_key_file, alipay_public_key_file: PEM; the second is Alipay's, not our own public half.
    """

    app_id: str
    seller_id: str
    private_key_file: str
    alipay_public_key_file: str


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``merchants``: by the name that orders carry, for example ``outpatient``. ``gateway_url``: where every call goes.

    call_timeout_s: no call of the engine lasts longer, with all it sends.
    pace: how often it is asked about an order, and how many calls it is sent at once.
    settles_after_s: how long "no such trade" is not believed after a lost request (m).
    expiry: how an order says until when it can be paid: at an instant, or in minutes, which for a code that we show
        begin only when it is scanned (m).
    notice_window_s: how old a notice may be. Alipay repeats it for 25 hours, and whether it then tells the time of
        the repeat or of the first one is not settled (m); what is repeated is recognised by its number anyway.
    refund_status_told: a refund is done only where a query says ``refund_status``; off, an amount is enough, as it
        was in older versions (m).
    unsigned_errors: believe a well-formed error of the gateway that carries no signature (m). A wrong signature is
        never believed, nor any other reply without one.
    """

    merchants: dict[str, MerchantSettings]
    gateway_url: str = "https://openapi.alipay.com/gateway.do"
    connect_timeout_s: float = 2.0
    read_timeout_s: float = 4.0
    call_timeout_s: float = 5.0
    pace: Pace = Pace()
    keepalive_s: float = 6.0
    connections: int = 16
    reply_limit_bytes: int = 65_536
    settles_after_s: float = 60.0
    expiry: Literal["time_expire", "timeout_express"] = "time_expire"
    notice_window_s: int = 26 * 3_600
    refund_status_told: bool = True
    unsigned_errors: bool = False
