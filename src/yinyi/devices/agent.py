"""The agent of one kiosk: its devices on one side, the terminal line to the platform on the other."""

import asyncio
from collections.abc import Sequence

import structlog

from yinyi.devices.credential import CredentialFile
from yinyi.devices.device import (
    AtCardTerminal,
    CardOnReader,
    CardToPay,
    Changed,
    Device,
    HasLight,
    Observation,
    PrintsReceipts,
    PrintsSheets,
    ReaderEmpty,
    TakesCards,
    TextRead,
)
from yinyi.devices.drivers import build_devices
from yinyi.devices.journal import PrintJournal
from yinyi.devices.line import Command, TerminalLine
from yinyi.devices.outbox import Outbox
from yinyi.devices.printing import Printing
from yinyi.devices.settings import AgentSettings
from yinyi.devices.virtual.control import listen, serve_control
from yinyi.kernel.clock import Clock
from yinyi.kernel.ids import random_text
from yinyi.wire.card_seal import Place, seal_card
from yinyi.wire.terminal_line import (
    CardLaid,
    CardRemoved,
    CardTerminalStep,
    DeviceReport,
    DeviceState,
    Event,
    FrameRefused,
    LeaveCard,
    Light,
    PayCardRead,
    PrintJob,
    Restart,
    Scanned,
    TakeCard,
    decode_from_agent,
    encode,
)

_log = structlog.get_logger("yinyi.devices")


async def run(settings: AgentSettings, clock: Clock) -> None:
    """Serve the kiosk until cancelled (``yinyi devices``).

    Raises:
        UnknownDriver: the table of devices names a driver that is not there.
        CredentialDamaged: the credential cannot be read.
        OSError: the agent's folder cannot be written, or the control's port is taken.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    CredentialFile(settings.data_dir).read()
    while True:
        await Agent(settings, clock, build_devices(settings)).run()
        _log.info("begins anew")


class Agent:
    """Forwards what happens on the devices, does what the platform asks, and loses neither."""

    def __init__(self, settings: AgentSettings, clock: Clock, devices: Sequence[Device]) -> None:
        self.devices = {device.name: device for device in devices}
        self.outbox = Outbox()
        self.line = TerminalLine(settings, clock, self.outbox, self._reports, self._obey)
        self._settings = settings
        self._clock = clock
        self._states: dict[str, Changed] = {}
        self._asked: TakeCard | None = None
        self._anew = asyncio.Event()
        self._printing = Printing(
            PrintJournal(settings.data_dir / "print_jobs.jsonl"),
            next((device for device in devices if isinstance(device, PrintsReceipts)), None),
            next((device for device in devices if isinstance(device, PrintsSheets)), None),
            self.outbox.add,
            settings.print_timeout_s,
        )

    async def run(self) -> None:
        """Until it is cancelled, or asked to begin anew.

        Raises:
            OSError: the control's port is taken.
        """
        devices = list(self.devices.values())
        control = listen(self._settings, devices)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._serve(device)) for device in devices]
            if control is not None:
                serving = serve_control(control, self._settings.data_dir, devices, self.line)
                tasks.append(group.create_task(serving))
            tasks += [group.create_task(self._printing.run()), group.create_task(self.line.run())]
            await self._anew.wait()
            for task in tasks:
                task.cancel()

    async def _serve(self, device: Device) -> None:
        """A device whose driver fails is offline and tried again."""
        while True:
            try:
                await device.run(lambda observation: self._observed(device, observation))
            except Exception:
                _log.exception("the driver failed", device=device.name)
            self._observed(device, Changed("offline", "the driver failed"))
            await asyncio.sleep(self._settings.retry_at_most_s)
            self._observed(device, device.condition())

    def _reports(self) -> list[DeviceReport]:
        return [
            DeviceReport(device=device.name, kind=device.kind, state=now.state, detail=now.detail[:200])
            for device in self.devices.values()
            for now in [self._states.get(device.name) or device.condition()]
        ]

    def _observed(self, device: Device, observation: Observation) -> None:
        if isinstance(observation, Changed):
            if self._states.get(device.name) == observation:
                return
            self._states[device.name] = observation
        event = self._event(device, observation)
        if event is None:
            return
        try:
            decode_from_agent(encode(event))
        except FrameRefused:
            # The platform would refuse it as often as it is sent, and nothing behind it would ever arrive.
            _log.warning("the device reported what cannot be sent", device=device.name)
        else:
            self.outbox.add(event)

    def _event(self, device: Device, observation: Observation) -> Event | None:
        """None: it is about something that nobody wants any more."""
        event_id, name, at = random_text(20), device.name, self._clock.now()
        match observation:
            case CardOnReader(credential=credential):
                return CardLaid(event_id=event_id, device=name, at=at, credential=credential)
            case ReaderEmpty():
                return CardRemoved(event_id=event_id, device=name, at=at)
            case TextRead(text=text):
                return Scanned(event_id=event_id, device=name, at=at, text=text)
            case AtCardTerminal(step=step, request_id=request_id, digits=digits):
                return CardTerminalStep(
                    event_id=event_id, device=name, at=at, step=step, request_id=request_id, digits=digits
                )
            case CardToPay(request_id=request_id, slot=slot) as card:
                sealed = self._sealed(card)
                if sealed is None:
                    return None
                return PayCardRead(
                    event_id=event_id, device=name, at=at, request_id=request_id, slot=slot, sealed=sealed
                )
            case Changed(state=state, detail=detail):
                return DeviceState(event_id=event_id, device=name, at=at, state=state, detail=detail[:200])

    def _sealed(self, card: CardToPay) -> bytes | None:
        """Before it waits in the outbox: from here on only whoever asked for it can read it."""
        asked = self._asked
        if asked is None or asked.request_id != card.request_id:
            _log.warning("a card was read that nobody has asked for")
            return None
        place = Place(self.line.state.terminal_id, card.request_id, card.slot)
        try:
            return seal_card(asked.seal_key, place, card.read)
        except ValueError:
            _log.warning("a card cannot be sealed to the key that came with its request")
            return None

    def _obey(self, command: Command) -> None:
        match command:
            case PrintJob():
                self._printing.take(command)
            case TakeCard() | LeaveCard():
                self._read_card(command)
            case Light(device=name, on=on):
                device = self.devices.get(name)
                if isinstance(device, HasLight):
                    device.set_light(on)
            case Restart():
                self._anew.set()

    def _read_card(self, command: TakeCard | LeaveCard) -> None:
        terminal = next((device for device in self.devices.values() if isinstance(device, TakesCards)), None)
        if terminal is None:
            _log.warning("there is no card terminal here")
        elif isinstance(command, TakeCard):
            self._asked = command
            terminal.take_card(command)
        else:
            terminal.leave_card(command.request_id)
