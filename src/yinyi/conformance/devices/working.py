"""``Device``: what a kiosk's agent sees of a reader, a scanner or a printer, and what it asks of it."""

from collections.abc import Awaitable

from yinyi.conformance.behaviour import NotKept, Script, equal, expect
from yinyi.conformance.devices.stage import Stage
from yinyi.devices.device import (
    CardOnReader,
    Changed,
    Device,
    HasLight,
    PrinterFault,
    PrintsReceipts,
    PrintsSheets,
    ReaderEmpty,
    TextRead,
)
from yinyi.wire.terminal_line import PrintFault

SCRIPT = Script((Device,))
_TEXTS = ("6901234567892", "PY26112309300000ABCDEFGH", "https://a.example/q?x=1&y=2", "采血管 0042")
_SHEETS = 2
_PAPER = b"\x1b@slip\n\x1dV\x00"


@SCRIPT.behaviour()
async def it_says_who_and_how_it_is(stage: Stage) -> None:
    equal(stage.device.name, "checked")
    await stage.becomes("ok")


@SCRIPT.behaviour(_TEXTS)
async def what_is_held_under_a_scanner_is_told_once(stage: Stage, text: str) -> None:
    stage.needs("scanner", "present")
    await stage.becomes("ok")
    await stage.hands.present(text)
    equal(await stage.told(TextRead), TextRead(text))
    assert stage.silent(TextRead), "it is told twice"


@SCRIPT.behaviour()
async def codes_are_told_in_their_order(stage: Stage) -> None:
    stage.needs("scanner", "present")
    await stage.becomes("ok")
    for text in _TEXTS:
        await stage.hands.present(text)
    equal([(await stage.told(TextRead)).text for _ in _TEXTS], list(_TEXTS))


@SCRIPT.behaviour()
async def a_card_is_told_when_it_comes_and_when_it_goes(stage: Stage) -> None:
    stage.needs("id_reader", "lay")
    await stage.becomes("ok")
    credential = await stage.hands.lay()
    equal(await stage.told(CardOnReader), CardOnReader(credential))
    await stage.hands.take()
    await stage.told(ReaderEmpty)


@SCRIPT.behaviour(also=(PrintsReceipts,))
async def a_receipt_comes_out_whole(stage: Stage) -> None:
    stage.needs("receipt_printer", "papers")
    await stage.becomes("ok")
    before = len(await stage.hands.papers())
    await expect(stage.device, PrintsReceipts).print_receipt(_PAPER)
    equal((await stage.hands.papers())[before:], [_PAPER])


@SCRIPT.behaviour(also=(PrintsReceipts,))
async def without_paper_nothing_is_said_to_have_come_out(stage: Stage) -> None:
    stage.needs("receipt_printer", "empty")
    await stage.hands.empty(True)
    try:
        await _fails(expect(stage.device, PrintsReceipts).print_receipt(_PAPER), "paper_out")
    finally:
        await stage.hands.empty(False)


@SCRIPT.behaviour(also=(PrintsSheets,))
async def every_sheet_of_a_document_comes_out(stage: Stage) -> None:
    stage.needs("sheet_printer", "sheets")
    await stage.becomes("ok")
    before = await stage.hands.sheets()
    await expect(stage.device, PrintsSheets).print_sheets(_document(_SHEETS))
    equal(await stage.hands.sheets() - before, _SHEETS)


@SCRIPT.behaviour(also=(PrintsSheets,))
async def what_is_no_document_is_said_to_be_none(stage: Stage) -> None:
    stage.needs("sheet_printer", "sheets")
    await stage.becomes("ok")
    before = await stage.hands.sheets()
    await _fails(expect(stage.device, PrintsSheets).print_sheets(b"%PDF-1.7\nnothing"), "bad_data")
    equal(await stage.hands.sheets(), before)


@SCRIPT.behaviour(also=(PrintsSheets,))
async def without_paper_no_sheet_is_said_to_have_come_out(stage: Stage) -> None:
    stage.needs("sheet_printer", "empty")
    await stage.hands.empty(True)
    try:
        await _fails(expect(stage.device, PrintsSheets).print_sheets(_document(1)), "paper_out")
    finally:
        await stage.hands.empty(False)


@SCRIPT.behaviour()
async def whose_cable_is_out_is_offline_and_comes_back_by_itself(stage: Stage) -> None:
    await stage.becomes("ok")
    await stage.hands.unplug(True)
    while (await stage.told(Changed)).state != "offline":
        pass
    await stage.hands.unplug(False)
    while (await stage.told(Changed)).state != "ok":
        pass
    await stage.becomes("ok")


@SCRIPT.behaviour(also=(HasLight,))
async def its_light_is_on_while_it_should_be(stage: Stage) -> None:
    stage.needs(stage.device.kind, "lit")
    await stage.becomes("ok")
    for on in (True, True, False, True, False):
        expect(stage.device, HasLight).set_light(on)
        await stage.lights(on)


async def _fails(printing: Awaitable[None], reason: PrintFault) -> None:
    """
    Raises:
        NotKept: it says that it came out, or another reason why not.
    """
    try:
        await printing
    except PrinterFault as fault:
        equal(fault.reason, reason)
    else:
        raise NotKept("it says that a paper came out")


def _document(pages: int) -> bytes:
    """A PDF of empty A5 pages."""
    kids = " ".join(f"{nth} 0 R" for nth in range(3, 3 + pages))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {pages}>>",
        *["<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 595]>>"] * pages,
    ]
    data, places = b"%PDF-1.7\n", list[int]()
    for nth, each in enumerate(objects, 1):
        places.append(len(data))
        data += f"{nth} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{at:010} 00000 n \n" for at in places)
    size = len(objects) + 1
    ends = f"trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + f"xref\n0 {size}\n0000000000 65535 f \n{table}{ends}".encode()
