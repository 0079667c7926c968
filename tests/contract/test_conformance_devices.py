"""Devices without hardware keep what the kit asks of a card terminal and a printer of sheets; broken ones are told."""

import asyncio
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from yinyi.conformance.kits import KITS
from yinyi.conformance.place import ground
from yinyi.conformance.run import Finding, played
from yinyi.devices.device import PrinterFault
from yinyi.devices.virtual.card_terminal import PlasticCard, VirtualCardTerminal
from yinyi.devices.virtual.reader import VirtualReader
from yinyi.devices.virtual.sheet_printer import VirtualSheetPrinter
from yinyi.kernel.far_side import FarDatabase
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings
from yinyi.wire.iso8583 import des
from yinyi.wire.terminal_line import CardRoute

KIT = KITS["device"]
HALF = bytes([7] * 16)


class Named(msgspec.Struct, frozen=True):
    name: str


class FarTerminal:
    """Hands on the terminal itself."""

    settings: ClassVar[dict[str, Any]] = {}
    tmk = bytes(range(16))
    slot = "bank/898999900000001/80000001"

    def __init__(self, folder: Path) -> None:
        acquirer, merchant_no, terminal_no = self.slot.split("/")
        halves = [{"component": each.hex()} for each in (HALF, des.xor(self.tmk, HALF))]
        letter = {"acquirer": acquirer, "merchant_no": merchant_no, "terminal_no": terminal_no, "components": halves}
        letters = folder / "key_letters.json"
        letters.write_bytes(msgspec.json.encode([letter]))
        self.device = VirtualCardTerminal("checked", letters)

    async def bring(self, pan: str, entry_mode: Any) -> None:
        self.device.bring(PlasticCard(pan=pan, entry_mode=entry_mode))

    async def remove(self) -> None:
        self.device.remove()

    async def press(self, key: Any) -> None:
        self.device.press(key)

    async def unplug(self, gone: bool) -> None:
        """It has no cable."""


class FarPrinter:
    """The same on the printer."""

    settings: ClassVar[dict[str, Any]] = {}

    def __init__(self, folder: Path) -> None:
        self.device = VirtualSheetPrinter("checked", folder / "sheets")

    async def sheets(self) -> int:
        return len(self.device.papers())

    async def empty(self, gone: bool) -> None:
        self.device.change("paper_out" if gone else "ok", 0)

    async def unplug(self, gone: bool) -> None:
        self.device.change("offline" if gone else "ok", 0)


class FarReader:
    """The same on the reader."""

    settings: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        self.device = VirtualReader("checked")

    async def lit(self) -> bool:
        return self.device.light

    async def unplug(self, gone: bool) -> None:
        """It has no cable."""


async def no_database() -> FarDatabase:
    raise AssertionError("a device needs none")


def findings(folder: Path, far: Any, script: str, only: str = "") -> dict[str, Finding]:
    def built(_config: Named, _around: Surroundings) -> Any:
        return far.device

    plugin = Plugin(name="virtual", kind="device", api=PLUGIN_API, config=Named, build=built)

    async def go() -> dict[str, Finding]:
        async with ground(folder, no_database) as place, KIT.on_stage(plugin, far, place) as (device, stage):
            behaviours = [each for each in KIT.scripts[script].behaviours if only in each.name]
            return {each.behaviour: each async for each in played(behaviours, device, stage)}

    return asyncio.run(go())


def test_the_card_terminal_keeps_every_behaviour(tmp_path: Path) -> None:
    found = findings(tmp_path, FarTerminal(tmp_path), "cards")
    assert len(found) >= 12
    assert [each for each in found.values() if each.verdict != "ok"] == []


def test_the_sheet_printer_keeps_what_concerns_it(tmp_path: Path) -> None:
    found = findings(tmp_path, FarPrinter(tmp_path), "working")
    assert [each for each in found.values() if each.verdict == "not"] == []
    kept = {name for name, each in found.items() if each.verdict == "ok"}
    assert {
        "every sheet of a document comes out",
        "what is no document is said to be none",
        "without paper no sheet is said to have come out",
        "whose cable is out is offline and comes back by itself",
    } <= kept


def in_the_clear(self: Any, route: CardRoute, pan: str) -> bytes:
    """Not encrypted at all."""
    typed = bytes(self._typed)
    self.clear()
    return typed[:8].ljust(8)


def test_a_terminal_that_does_not_encrypt_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yinyi.devices.virtual.pin_pad.PinPad.block", in_the_clear)
    found = findings(tmp_path, FarTerminal(tmp_path), "cards")
    wrong = {name for name, each in found.items() if each.verdict == "not"}
    assert wrong == {
        "a card and its pin are read for who asked (chip)",
        "a card and its pin are read for who asked (contactless)",
        "what was mistyped is cleared",
    }


def test_a_printer_that_loses_sheets_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def swallows(self: VirtualSheetPrinter, data: bytes) -> None:
        if self.condition().state == "paper_out":
            raise PrinterFault("jam")

    monkeypatch.setattr(VirtualSheetPrinter, "print_sheets", swallows)
    found = findings(tmp_path, FarPrinter(tmp_path), "working")
    wrong = {name for name, each in found.items() if each.verdict == "not"}
    assert wrong == {
        "every sheet of a document comes out",
        "what is no document is said to be none",
        "without paper no sheet is said to have come out",
    }


def stays_lit(self: VirtualReader, on: bool) -> None:
    self.light = self.light or on


def test_a_light_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [kept] = findings(tmp_path, FarReader(), "working", "light").values()
    assert kept.verdict == "ok"
    monkeypatch.setattr(VirtualReader, "set_light", stays_lit)
    monkeypatch.setattr("yinyi.conformance.devices.stage._LIT_WITHIN_S", 0.2)
    [broken] = findings(tmp_path, FarReader(), "working", "light").values()
    assert (broken.verdict, broken.seen) == ("not", "expected its light out, saw it on")
