"""Papers for twenty printers at once: sheets of A4 and receipts a second, and how long one takes until it is set.

What is measured is the setting, by typst with as many compilers as a business process has; the printer itself is not.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from statistics import quantiles
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from bench.figures import Figures, Target, options, report
from yinyi.business.documents.model import ReceiptSlip
from yinyi.business.documents.press import SheetRenderer
from yinyi.business.documents.render import SlipRenderer, font_folder
from yinyi.business.documents.sheet import Sheet
from yinyi.business.identity.model import PatientFacts
from yinyi.business.reports.model import DiagnosticReport, Observation, ReportText, WholeReport
from yinyi.business.reports.sheets import Around, sheet
from yinyi.kernel.money import Fen

TARGETS: dict[str, Target] = {}
PRINTERS = 20
AT_ONCE = 2
"""As ``PaperQueue`` sets them: the others wait."""
ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 23, 9, 26, tzinfo=ZONE)
_VALUES = 19
"""As a blood count has."""


def measure(quick: bool) -> Figures:
    """Each printer wants one paper after another."""
    each = 3 if quick else 25
    sheets, slips = SheetRenderer(font_folder(), ZONE), SlipRenderer(font_folder(), ZONE)
    a4, a4_p99 = asyncio.run(_printed(lambda number: sheets.render(_report(number)), each))
    receipts, receipts_p99 = asyncio.run(_printed(lambda number: slips.render(_receipt(number)), each))
    return {
        "printers": PRINTERS,
        "a4_per_second": round(a4, 1),
        "a4_p99_ms": round(a4_p99, 1),
        "receipts_per_second": round(receipts, 1),
        "receipts_p99_ms": round(receipts_p99, 1),
    }


async def _printed(render: Callable[[int], object], each: int) -> tuple[float, float]:
    """Papers a second, and the 99th percentile of one in milliseconds, waiting included."""
    render(0)
    setting = asyncio.Semaphore(AT_ONCE)

    async def printer(number: int) -> list[float]:
        took: list[float] = []
        for nth in range(each):
            began = time.perf_counter()
            async with setting:
                await asyncio.to_thread(render, number * each + nth)
            took.append((time.perf_counter() - began) * 1000)
        return took

    began = time.perf_counter()
    took = [one for every in await asyncio.gather(*map(printer, range(PRINTERS))) for one in every]
    return len(took) / (time.perf_counter() - began), quantiles(took, n=100)[98]


def _report(number: int) -> Sheet:
    about = DiagnosticReport(
        order_no=f"261123{number:08}",
        kind="laboratory",
        patient_no="2016000002",
        item_code="L0101",
        name="血常规（五分类）",
        name_en="Complete blood count",
        modality="",
        specimen="全血",
        specimen_en="Whole blood",
        tube="紫色",
        sensitive=False,
        barcode="2611230000017",
        state="final",
        version=1,
        requested_at=AT,
        sampled_at=AT,
        issued_at=AT,
        invoice_no="",
        form_no="",
        department_id="",
        practitioner_id="",
    )
    text = ReportText(
        version=1,
        state="final",
        issued_at=AT,
        findings="",
        impression="",
        remark="",
        reported_by="王敏",
        reviewed_by="李明华",
    )
    values = [_value(rank, number) for rank in range(_VALUES)]
    patient = PatientFacts(patient_id=1, patient_no="2016000002", name="李建国", sex="male", born_on=date(1957, 5, 8))
    around = Around("云山市人民医院", "Yunshan People's Hospital", patient, "心血管内科", "王敏", ZONE)
    made = sheet(about, WholeReport(text=text, observations=values), [], 0, around)
    return replace(made, document_no=f"S{number:020}", verify=f"https://hospital.example/verify/S{number:020}-0")


def _value(rank: int, number: int) -> Observation:
    return Observation(
        rank=rank,
        analyte_code=f"A{rank}",
        name="中性粒细胞绝对值",
        name_en="Neutrophils, absolute",
        loinc="",
        unit="10*9/L",
        value=5.0,
        text=f"{5 + number % 9}.{rank:02}",
        low=1.8,
        high=6.3,
        expected="",
        flag="H" if rank % 5 == 0 else "N",
        decimals=2,
    )


def _receipt(number: int) -> ReceiptSlip:
    return ReceiptSlip(
        language="zh-CN",
        hospital="云山市人民医院",
        terminal="03 号机",
        printed_at=AT,
        payment_no=f"26112309{number:014}",
        qr=f"26112309{number:014}",
        purpose="门诊预交金",
        patient_name="李建国",
        patient_no="2016000002",
        amount_fen=Fen(10_000 + number),
        channel="wechatpay",
        paid_at=AT,
        ask_no="7Q4-8XK9",
    )


if __name__ == "__main__":
    chosen = options(__doc__)
    sys.exit(report("documents", measure(chosen.quick), TARGETS, chosen.as_json))
