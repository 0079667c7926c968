"""The table of drivers: which class serves which kind of device."""

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import msgspec

from yinyi.devices.device import Device
from yinyi.devices.settings import AgentSettings, DeviceEntry
from yinyi.devices.virtual.card_terminal import VirtualCardTerminal
from yinyi.devices.virtual.printer import VirtualPrinter
from yinyi.devices.virtual.reader import VirtualReader
from yinyi.devices.virtual.scanner import VirtualScanner
from yinyi.devices.virtual.sheet_printer import VirtualSheetPrinter
from yinyi.devices.virtual.watched import VirtualCamera, VirtualDoor
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings
from yinyi.wire.terminal_line import DeviceKind

SANDBOX_LETTERS = Path("sandbox", "bank", "key_letters.json")
"""Below the folder that holds the agent's: what the sandbox's bank has written for virtual pads."""
Build = Callable[[DeviceEntry, AgentSettings], Device]

DRIVERS: Mapping[tuple[DeviceKind, str], Build] = {
    ("id_reader", "virtual"): lambda entry, settings: VirtualReader(entry.name),
    ("scanner", "virtual"): lambda entry, settings: VirtualScanner(entry.name),
    ("receipt_printer", "virtual"): lambda entry, settings: VirtualPrinter(entry.name, settings.data_dir / "papers"),
    ("sheet_printer", "virtual"): lambda entry, settings: VirtualSheetPrinter(entry.name, settings.data_dir / "sheets"),
    ("camera", "virtual"): lambda entry, settings: VirtualCamera(entry.name),
    ("door", "virtual"): lambda entry, settings: VirtualDoor(entry.name),
    ("card_terminal", "virtual"): lambda entry, settings: VirtualCardTerminal(
        entry.name, Path(entry.options.get("letters") or settings.data_dir.parent / SANDBOX_LETTERS)
    ),
}


class UnknownDriver(Exception):
    """The table of devices names a driver that is not there."""


GROUP = "yinyi.plugins"


def _brought(entry: DeviceEntry) -> Build | None:
    """By a driver of another package: a connector of the kind ``device`` that is called like it. It has to be a device
    of the entry's kind.

    Raises:
        UnknownDriver: it cannot be loaded, or not be built with these options.
    """
    found = next((each for each in entry_points(group=GROUP) if each.name == entry.driver), None)
    return None if found is None else lambda entry, settings: _loaded(found, entry)


def _loaded(found: EntryPoint, entry: DeviceEntry) -> Device:
    try:
        plugin: object = found.load()
        if not isinstance(plugin, Plugin) or (plugin.kind, plugin.api) != ("device", PLUGIN_API):
            raise UnknownDriver(f"{entry.name}: {entry.driver} is no driver of devices for this release")
        options = msgspec.convert({**entry.options, "name": entry.name}, plugin.config)
        device: Device = plugin.build(options, Surroundings(clock=ShiftedClock(), callback_url=""))
    except UnknownDriver:
        raise
    except Exception as error:
        raise UnknownDriver(f"{entry.name}: the driver {entry.driver} cannot be used ({error})") from error
    if device.kind != entry.kind:
        raise UnknownDriver(f"{entry.name}: the driver {entry.driver} serves a {device.kind}, not a {entry.kind}")
    return device


def build_devices(settings: AgentSettings) -> list[Device]:
    """
    Raises:
        UnknownDriver: see there.
    """
    devices: list[Device] = []
    for entry in settings.devices:
        build = DRIVERS.get((entry.kind, entry.driver)) or _brought(entry)
        if build is None:
            known = ", ".join(sorted(driver for kind, driver in DRIVERS if kind == entry.kind))
            raise UnknownDriver(f"{entry.name}: no driver {entry.driver!r} for a {entry.kind}; there is: {known}")
        devices.append(build(entry, settings))
    return devices
