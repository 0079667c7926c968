"""Settings of the WeChat Pay connector. What public material does not settle is a setting, marked (m)."""

import msgspec

from yinyi.business.payments.rules import Pace


class MerchantSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One merchant number with its own keys. Files hold the secrets; they belong to the platform's user, 0600.

    serial_no: of the merchant's API certificate.
    private_key_file: PEM. api_key_file: the 32 characters of the APIv3 key.
    public_key_id, public_key_file: WeChat Pay's public key (``PUB_KEY_ID_…``), where the merchant has one.
    certificates: also take platform certificates from ``/v3/certificates``; the only way without a public key,
        and needed beside it for the week in which a merchant changes over, since callbacks then come with either.
    """

    mchid: str
    appid: str
    serial_no: str
    private_key_file: str
    api_key_file: str
    public_key_id: str = ""
    public_key_file: str = ""
    certificates: bool = False


class SceneSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where kiosks scan payers' codes. An order must say it; which of these have to be there is (m), so what is empty
    is left out.

    store_no: our own name of the place (``out_id``). store_id: the one that WeChat Pay gave it.
    device_id, device_ip: of the kiosks, as one; an order does not say at which of them it was scanned.
    """

    store_no: str = "hospital"
    store_id: str = ""
    device_id: str = ""
    device_ip: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``merchants``: by the name that orders carry, for example ``outpatient``.

    keepalive_s: shorter than the 8 seconds after which WeChat Pay hangs up, so that no request meets a closing line.
    call_timeout_s: no call of the engine lasts longer, with all it sends.
    pace: how often it is asked about an order, and how many calls it is sent at once.
    window_s: how far the timestamp of a reply or a callback may be from our clock.
    settles_after_s: how long "no such order" is not believed after a lost order request (m).
    refund_patience_s: how long a refund may be under way before people are told; to bank cards it takes days.
    unsigned_errors: believe a well-formed error that carries no signature at all (m: whether WeChat Pay signs every
        error is not settled in public). A wrong signature is never believed.
    code_prefixes: what the 18 digits of a payer's code begin with (m).
    """

    merchants: dict[str, MerchantSettings]
    base_url: str = "https://api.mch.weixin.qq.com"
    connect_timeout_s: float = 2.0
    read_timeout_s: float = 4.0
    call_timeout_s: float = 5.0
    pace: Pace = Pace()
    keepalive_s: float = 6.0
    connections: int = 16
    reply_limit_bytes: int = 65_536
    window_s: int = 300
    settles_after_s: float = 60.0
    refund_patience_s: float = 3 * 86_400.0
    certificates_refresh_s: float = 12 * 3_600.0
    unsigned_errors: bool = False
    code_prefixes: tuple[str, ...] = ("10", "11", "12", "13", "14", "15")
    scene: SceneSettings = SceneSettings()
