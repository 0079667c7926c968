"""The pages of the prepaid account in their states."""

from datetime import timedelta

import msgspec
from sample_facts import KEY, NOW, SOMEONE, Sample

from yinyi.interface.journeys import views, views_account

TOP_UP = views.Subject(purpose="top_up", again="/kiosk/account/top-up")
TOPPING_UP = msgspec.structs.replace(SOMEONE, steps=views.TOP_UP_STEPS)
_MOVES: tuple[tuple[views_account.RecordKind, int, str], ...] = (
    ("topped_up", 200_00, ""),
    ("paid", -50_00, "挂号费 耳鼻咽喉头颈外科 李明华"),
    ("came_back", 50_00, "挂号费 耳鼻咽喉头颈外科 李明华"),
    ("withdrawn", -120_00, ""),
    ("at_window", -30_00, ""),
    ("taken_over", 1234_56, ""),
)
_RECORDS = tuple(
    views_account.Record(kind=kind, at=NOW - timedelta(hours=20 * n), amount_fen=fen, about=about)
    for n, (kind, fen, about) in enumerate(_MOVES)
)
_MERGED = views_account.Record(kind="merged", at=NOW, amount_fen=50_01, about="")
_BACK = (
    views_account.Back(tender="wechatpay", amount_fen=180_00, at=NOW),
    views_account.Back(tender="bank_card", amount_fen=500_00, at=NOW - timedelta(days=1)),
)


def _topping(**facts: object) -> views_account.TopUpView:
    view = views_account.TopUpView(
        amounts=(50_00, 100_00, 200_00, 300_00, 500_00, 1000_00),
        fewer=(100_00, 200_00, 500_00),
        from_fen=1_00,
        to_fen=5000_00,
        balance_fen=1284_56,
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts)


def _withdraw(**facts: object) -> views_account.WithdrawView:
    view = views_account.WithdrawView(balance_fen=1284_56, parts=_BACK, sum_fen=680_00, at_window_fen=604_56, key=KEY)
    return msgspec.structs.replace(view, **facts)


ACCOUNT_LONG: dict[str, Sample] = {
    "account-long": (
        views_account.AccountView(mode="collect", balance_fen=1284_56, records=(_MERGED, *_RECORDS * 6), earlier=4711),
        SOMEONE,
    ),
}
"""A page of many."""
ACCOUNT: dict[str, Sample] = {
    "account": (views_account.AccountView(mode="collect", balance_fen=1284_56, records=_RECORDS), SOMEONE),
    "account-closing": (
        views_account.AccountView(mode="refund_only", balance_fen=1284_56, records=_RECORDS[:2]),
        SOMEONE,
    ),
    "account-off": (views_account.AccountView(mode="off", balance_fen=0), SOMEONE),
    "account-top-up": (_topping(), TOPPING_UP),
    "account-typed": (_topping(typing=True, typed="9000", wrong=True), TOPPING_UP),
    "account-check": (
        views_account.TopUpCheckView(
            payment_no="26112301000042",
            amount_fen=200_00,
            balance_fen=1284_56,
            pay_by=NOW + timedelta(minutes=8),
            problem="paid_late",
            key=KEY,
        ),
        TOPPING_UP,
    ),
    "account-done": (
        views_account.TopUpDoneView(
            payment_no="26112301000042",
            ask_no="7Q4-281",
            subject=TOP_UP,
            amount_fen=200_00,
            balance_fen=1484_56,
            tender="social_security_card",
            printing="printing",
            key=KEY,
        ),
        msgspec.structs.replace(TOPPING_UP, card_in_reader=True),
    ),
    "account-withdraw": (_withdraw(changed=True), SOMEONE),
    "account-withdrawn": (
        _withdraw(
            balance_fen=604_56,
            parts=(),
            given=(
                msgspec.structs.replace(_BACK[0], done=True),
                msgspec.structs.replace(_BACK[1], arrives_by=NOW + timedelta(days=3)),
            ),
        ),
        SOMEONE,
    ),
}
