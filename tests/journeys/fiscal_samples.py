"""Electronic receipts as pages."""

from datetime import timedelta

import msgspec
from sample_facts import KEY, NOW, SOMEONE, Sample

from yinyi.interface.journeys import views_fiscal

_ISSUED = views_fiscal.ReceiptView(
    payment_no="26112301000042",
    title="挂号费 心血管内科 欧阳明华",
    title_en="Registration, Cardiology",
    standing="issued",
    amount_fen=5000,
    since=NOW - timedelta(minutes=3),
    code="33060126",
    number="0012345678",
    check_code="a94b7e",
    url="https://einvoice.example/v/33060126/0012345678/a94b7e",
    key=KEY,
)

_STANDINGS: tuple[views_fiscal.ReceiptStanding, ...] = ("coming", "issued", "partly_reversed", "reversed", "issued")
_ROWS = tuple(
    views_fiscal.ReceiptRow(
        payment_no=f"2611230100004{n}",
        title=("挂号费 心血管内科 欧阳明华", "门诊缴费 检验科", "门诊西药费")[n % 3],
        title_en=("Registration, Cardiology", "Outpatient bills, Laboratory", "")[n % 3],
        standing=standing,
        amount_fen=5000 + 12345 * n,
        since=NOW - timedelta(days=40 * n),
        number="" if standing == "coming" else f"001234567{n}",
    )
    for n, standing in enumerate(_STANDINGS)
)

RECEIPTS: dict[str, Sample] = {
    "receipt": (_ISSUED, SOMEONE),
    "receipts": (views_fiscal.ReceiptsView(receipts=_ROWS, days=366), SOMEONE),
    "receipts-none": (views_fiscal.ReceiptsView(receipts=(), days=366), SOMEONE),
    "receipt-printing": (msgspec.structs.replace(_ISSUED, prints=2, printing="printing"), SOMEONE),
    "receipt-partly-reversed": (
        msgspec.structs.replace(_ISSUED, standing="partly_reversed", reversed_fen=1800, prints=2),
        SOMEONE,
    ),
    "receipt-coming": (
        msgspec.structs.replace(_ISSUED, standing="coming", code="", number="", check_code="", url=""),
        SOMEONE,
    ),
    "receipt-reversed": (msgspec.structs.replace(_ISSUED, standing="reversed", reversed_fen=5000), SOMEONE),
    "receipt-none": (
        msgspec.structs.replace(_ISSUED, standing="none", code="", number="", check_code="", url=""),
        SOMEONE,
    ),
}

_FILE = views_fiscal.ReceiptFileView(
    payment_no="26112301000042", number="0012345678", place=1, count=1, width=1400, height=741
)
FILES: dict[str, Sample] = {
    "receipt-file": (_FILE, SOMEONE),
    "receipt-file-pages": (msgspec.structs.replace(_FILE, place=2, count=3, width=990, height=1400), SOMEONE),
    "receipt-no-paper": (msgspec.structs.replace(_ISSUED, prints=1, printing="paper_out"), SOMEONE),
    "receipt-file-unreadable": (
        views_fiscal.ReceiptFileView(payment_no="26112301000042", number="0012345678"),
        SOMEONE,
    ),
}
"""The hospital's own file of one."""
