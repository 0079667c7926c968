"""The table of drivers: which class serves which kind of device."""

from collections.abc import Callable, Mapping
from pathlib import Path

from yinyi.devices.device import Device
from yinyi.devices.settings import AgentSettings, DeviceEntry
from yinyi.devices.virtual.card_terminal import VirtualCardTerminal
from yinyi.devices.virtual.printer import VirtualPrinter
from yinyi.devices.virtual.reader import VirtualReader
from yinyi.devices.virtual.scanner import VirtualScanner
from yinyi.devices.virtual.sheet_printer import VirtualSheetPrinter
from yinyi.wire.terminal_line import DeviceKind

SANDBOX_LETTERS = Path("sandbox", "bank", "key_letters.json")
"""Below the folder that holds the agent's: what the sandbox's bank has written for virtual pads."""
Build = Callable[[DeviceEntry, AgentSettings], Device]

DRIVERS: Mapping[tuple[DeviceKind, str], Build] = {
    ("id_reader", "virtual"): lambda entry, settings: VirtualReader(entry.name),
    ("scanner", "virtual"): lambda entry, settings: VirtualScanner(entry.name),
    ("receipt_printer", "virtual"): lambda entry, settings: VirtualPrinter(entry.name, settings.data_dir / "papers"),
    ("sheet_printer", "virtual"): lambda entry, settings: VirtualSheetPrinter(entry.name, settings.data_dir / "sheets"),
    ("card_terminal", "virtual"): lambda entry, settings: VirtualCardTerminal(
        entry.name, Path(entry.options.get("letters") or settings.data_dir.parent / SANDBOX_LETTERS)
    ),
}


class UnknownDriver(Exception):
    """The table of devices names a driver that is not there."""


def build_devices(settings: AgentSettings) -> list[Device]:
    """
    Raises:
        UnknownDriver: see there.
    """
    devices: list[Device] = []
    for entry in settings.devices:
        build = DRIVERS.get((entry.kind, entry.driver))
        if build is None:
            known = ", ".join(sorted(driver for kind, driver in DRIVERS if kind == entry.kind))
            raise UnknownDriver(f"{entry.name}: no driver {entry.driver!r} for a {entry.kind}; there is: {known}")
        devices.append(build(entry, settings))
    return devices
