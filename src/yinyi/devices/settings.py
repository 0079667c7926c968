"""Settings of the agent and its table of devices."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from yinyi.wire.terminal_line import DeviceKind, Name


class DevicesMisread(Exception):
    """The table of devices cannot be read."""


class DeviceEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row: which driver serves which device. ``options`` are the driver's own."""

    name: Name
    kind: DeviceKind
    driver: str = "virtual"
    options: dict[str, Any] = {}


VIRTUAL_DEVICES = (
    DeviceEntry(name="id_reader", kind="id_reader"),
    DeviceEntry(name="scanner", kind="scanner"),
    DeviceEntry(name="receipt_printer", kind="receipt_printer"),
    DeviceEntry(name="sheet_printer", kind="sheet_printer"),
    DeviceEntry(name="card_terminal", kind="card_terminal"),
    DeviceEntry(name="camera", kind="camera"),
    DeviceEntry(name="door", kind="door"),
)


class AgentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one kiosk's agent is run.

    line_url: ``ws://`` or ``wss://``, ending in ``/terminal/line``.
    data_dir: the agent's own folder: its credential, the print journal, the papers of a virtual printer.
    enrolment_code, enrolment_file: the one-time code of a machine without a credential; the file may appear later.
    control_port: of the loopback control of virtual devices, 0 for any free one.
    """

    line_url: str
    data_dir: Path
    enrolment_code: str = ""
    enrolment_file: Path | None = None
    devices: tuple[DeviceEntry, ...] = VIRTUAL_DEVICES
    control_port: int = 0
    connect_timeout_s: float = 10
    print_timeout_s: float = 30
    resend_after_s: float = 10
    stale_after_s: float = 60
    retry_after_s: float = 0.5
    retry_at_most_s: float = 15


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    device: Annotated[tuple[DeviceEntry, ...], msgspec.Meta(min_length=1, max_length=16)]


def devices_from(path: Path) -> tuple[DeviceEntry, ...]:
    """The table of devices in a TOML file: ``[[device]]`` with ``name``, ``kind``, ``driver``, ``options``.

    Raises:
        DevicesMisread: not TOML, an unknown key, or two devices of one name.
    """
    try:
        table = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _Table)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise DevicesMisread(f"{path.name}: {error}") from error
    names = [entry.name for entry in table.device]
    if len(set(names)) != len(names):
        raise DevicesMisread(f"{path.name}: two devices have the same name")
    return table.device
