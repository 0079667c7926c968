"""Slips to render in tests, one of each kind in each language, and the rows and glyphs found on a printed image."""

from datetime import datetime, timedelta, timezone
from typing import Any

from PIL import Image

from yinyi.business.documents.model import (
    CardFacts,
    CheckingSlip,
    FiscalSlip,
    HoldSlip,
    Language,
    PaidBy,
    ReceiptFact,
    ReceiptSlip,
    RefundSlip,
    RegistrationSlip,
    SlipData,
    Visit,
)
from yinyi.kernel.money import Fen

ZONE = timezone(timedelta(hours=8))
PAYMENT_NO = "26112309260500ABCDEFGH"
CARD = CardFacts(
    card="629991*********0019",
    merchant_no="104110070110001",
    terminal_no="10000001",
    batch_no=42,
    trace_no=317,
    retrieval_ref="112309250317",
    auth_code="A12345",
)
_GAP_ROWS = 8
Box = tuple[int, int, int, int]


def at(hour: int, minute: int, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, 5, tzinfo=ZONE)


def visit(**changes: Any) -> Visit:
    fields: dict[str, Any] = {
        "patient_name": "张建国",
        "patient_no": "0000821236",
        "department": "心血管内科",
        "practitioner": "李明华",
        "title": "associate_chief",
        "number": 23,
        "room": "205",
        "place": "门诊楼 2 楼 B 区",
        "starts_at": at(10, 10),
        "ends_at": at(10, 30),
    }
    return Visit(**{**fields, **changes})


def _common(language: Language) -> dict[str, Any]:
    return {
        "language": language,
        "hospital": "云山市人民医院" if language == "zh-CN" else "Yunshan People's Hospital",
        "terminal": "03 号机 · 一楼大厅",
        "printed_at": at(9, 26),
        "payment_no": PAYMENT_NO,
        "qr": PAYMENT_NO,
    }


def registration(language: Language = "zh-CN", **changes: Any) -> RegistrationSlip:
    fields: dict[str, Any] = {
        **_common(language),
        "visit": visit(),
        "amount_fen": Fen(5000),
        "channel": "wechatpay",
        "paid_at": at(9, 25),
        "queue_ahead": 4,
    }
    return RegistrationSlip(**{**fields, **changes})


def receipt(language: Language = "zh-CN", **changes: Any) -> ReceiptSlip:
    chinese = language == "zh-CN"
    fields: dict[str, Any] = {
        **_common(language),
        "purpose": "门诊预交金充值" if chinese else "Prepaid account top-up",
        "patient_name": "张建国",
        "patient_no": "0000821236",
        "amount_fen": Fen(200_00),
        "channel": "alipay",
        "paid_at": at(9, 25),
        "ask_no": "7Q4-8XK9",
        "facts": [ReceiptFact(label="余额" if chinese else "Balance", value="¥1,234.50")],
        "note": "没用完的钱可以原路退回。" if chinese else "What is not used can go back to where it came from.",
    }
    return ReceiptSlip(**{**fields, **changes})


def hold(language: Language = "zh-CN", **changes: Any) -> HoldSlip:
    fields: dict[str, Any] = {
        **_common(language),
        "visit": visit(),
        "amount_fen": Fen(5000),
        "held_until": at(9, 46),
        "window": "一楼 3 号窗口",
    }
    return HoldSlip(**{**fields, **changes})


def checking(language: Language = "zh-CN", **changes: Any) -> CheckingSlip:
    fields: dict[str, Any] = {
        **_common(language),
        "known": "paid",
        "known_at": at(9, 26),
        "purpose": "心血管内科 李明华",
        "patient_name": "张建国",
        "amount_fen": Fen(3200),
        "channel": "wechatpay",
        "ask_no": "7Q4-8XK9",
        "decided_by": at(9, 41),
        "window": "一楼 3 号窗口",
        "window_hours": "8:00–17:30",
    }
    return CheckingSlip(**{**fields, **changes})


def refund(language: Language = "zh-CN", **changes: Any) -> RefundSlip:
    fields: dict[str, Any] = {
        **_common(language),
        "state": "under_way",
        "reason": "registration_failed",
        "purpose": "心血管内科 李明华",
        "patient_name": "张建国",
        "amount_fen": Fen(3200),
        "channel": "wechatpay",
        "refund_no": "26112309270500ABCDEFGJ",
        "refunded_at": at(9, 26),
        "arrives_by": at(23, 59, 26),
        "ask_no": "7Q4-8XK9",
        "window": "一楼 3 号窗口",
    }
    return RefundSlip(**{**fields, **changes})


def fiscal(language: Language = "zh-CN", **changes: Any) -> FiscalSlip:
    fields: dict[str, Any] = {
        **_common(language),
        "qr": "https://einvoice.yunshan.example/v/33060126/0012345678/a94b7e",
        "code": "33060126",
        "number": "0012345678",
        "check_code": "a94b7e",
        "purpose": "挂号费 心血管内科 李明华",
        "patient_name": "张建国",
        "patient_no": "0000821236",
        "amount_fen": Fen(3200),
        "issued_at": at(9, 24),
    }
    return FiscalSlip(**{**fields, **changes})


def every_slip() -> dict[str, SlipData]:
    """One of each kind and branch, by a readable name."""
    slips: dict[str, SlipData] = {}
    languages: tuple[Language, ...] = ("zh-CN", "en")
    for language in languages:
        slips[f"registration-{language}"] = registration(language)
        slips[f"registration-copy-{language}"] = registration(language, copy=True, queue_ahead=None)
        slips[f"receipt-{language}"] = receipt(language)
        slips[f"receipt-divided-{language}"] = receipt(
            language,
            parts=[
                PaidBy(channel="prepaid", amount_fen=Fen(2000)),
                PaidBy(channel="social_security_card", amount_fen=Fen(1200)),
            ],
        )
        slips[f"registration-card-{language}"] = registration(language, channel="unionpay", card=CARD)
        slips[f"receipt-card-{language}"] = receipt(language, channel="unionpay", card=CARD)
        slips[f"hold-{language}"] = hold(language)
        slips[f"checking-paid-{language}"] = checking(language)
        slips[f"checking-unsure-{language}"] = checking(language, known="unsure", window_hours="")
        slips[f"refund-under-way-{language}"] = refund(language)
        slips[f"fiscal-{language}"] = fiscal(language)
        slips[f"refund-done-{language}"] = refund(language, state="done", arrives_by=None)
    return slips


def rows(image: Image.Image) -> list[tuple[int, int]]:
    """Runs of rows with ink on them, as (first, after last): the lines of a text. Gaps within a character are ink."""
    lines: list[tuple[int, int]] = []
    for top, bottom in _runs(
        [image.crop((0, y, image.width, y + 1)).getextrema()[0] == 0 for y in range(image.height)]
    ):
        if lines and top - lines[-1][1] < _GAP_ROWS:
            lines[-1] = (lines[-1][0], bottom)
        else:
            lines.append((top, bottom))
    return lines


def glyphs(image: Image.Image, row: tuple[int, int]) -> list[Box]:
    """Bounding boxes of what stands side by side in a run of rows, separated by white columns."""
    band = image.crop((0, row[0], image.width, row[1]))
    columns = _runs([band.crop((x, 0, x + 1, band.height)).getextrema()[0] == 0 for x in range(band.width)])
    boxes: list[Box] = []
    for left, right in columns:
        inside = _runs([band.crop((left, y, right, y + 1)).getextrema()[0] == 0 for y in range(band.height)])
        boxes.append((left, row[0] + inside[0][0], right, row[0] + inside[-1][1]))
    return boxes


def _runs(inked: list[bool]) -> list[tuple[int, int]]:
    edges = [at for at in range(len(inked) + 1) if (at < len(inked) and inked[at]) != (at > 0 and inked[at - 1])]
    return list(zip(edges[::2], edges[1::2], strict=True))
