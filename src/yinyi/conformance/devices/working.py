"""``Device``: what a kiosk's agent sees of a reader, a scanner or a printer, and what it asks of it."""

from yinyi.conformance.behaviour import NotKept, Script, equal, expect
from yinyi.conformance.devices.stage import Stage
from yinyi.devices.device import CardOnReader, Changed, Device, PrinterFault, PrintsReceipts, ReaderEmpty, TextRead

SCRIPT = Script((Device,))
_TEXTS = ("6901234567892", "PY26112309300000ABCDEFGH", "https://a.example/q?x=1&y=2", "采血管 0042")
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
        await expect(stage.device, PrintsReceipts).print_receipt(_PAPER)
    except PrinterFault as fault:
        equal(fault.reason, "paper_out")
    else:
        raise NotKept("it says that a paper came out")
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
