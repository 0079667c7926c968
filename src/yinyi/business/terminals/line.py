"""The business end of the terminal line: what an agent says, fenced by the epoch of its connection."""

from collections.abc import Callable
from datetime import timedelta

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.terminals import line_store, printer_tests, reading_store, store
from yinyi.business.terminals.credential_store import is_enrolled
from yinyi.business.terminals.credentials import pairing_code
from yinyi.business.terminals.errors import LineReplaced
from yinyi.business.terminals.messages import (
    Accepted,
    Connected,
    ConnectTerminal,
    DisconnectTerminal,
    Heartbeat,
    PresentCard,
    PresentCode,
    PrintJobs,
    ReportDevice,
    ReportPrint,
    TakePrintJobs,
)
from yinyi.business.terminals.model import PrintJobView
from yinyi.business.terminals.ports import PrintQueue
from yinyi.business.terminals.presented import Presented
from yinyi.business.terminals.pushes import What, push
from yinyi.kernel.errors import InvalidField, TerminalNotEnrolled

HEARTBEAT_S = 5.0
SILENT_AFTER = timedelta(seconds=20)
"""A line that was not heard for this long is down: four heartbeats."""

_BLOCK_BYTES = 256
_ACCEPTED = Accepted()


class AgentLine:
    """Handlers of everything that the agent of a terminal says."""

    def __init__(
        self, database: Database, presented: Presented, papers: PrintQueue, committed: Callable[[], None]
    ) -> None:
        self._database = database
        self._presented = presented
        self._papers = papers
        self._committed = committed

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(ConnectTerminal, self.connect)
        dispatcher.asks(DisconnectTerminal, self.disconnect)
        dispatcher.asks(Heartbeat, self.beat)
        dispatcher.asks(ReportDevice, self.report_device)
        dispatcher.asks(PresentCard, self.present_card)
        dispatcher.asks(PresentCode, self.present_code)
        dispatcher.asks(TakePrintJobs, self.take_print_jobs)
        dispatcher.asks(ReportPrint, self.report_print)

    async def connect(self, call: Call, message: ConnectTerminal) -> Connected:
        """A new epoch. What lay on the reader before is forgotten: the agent may have missed that it was taken away.

        Raises:
            TerminalNotEnrolled: its credential was voided since this process looked.
        """
        hospital_id, terminal_id = _who(call)
        devices = list({one.device: one for one in message.devices}.values())
        async with self._database.transaction() as tx:
            epoch = await line_store.connect(tx, hospital_id, terminal_id, message.agent_version, call.now)
            if not await is_enrolled(tx, hospital_id, terminal_id):
                raise TerminalNotEnrolled(terminal_id)
            await store.drop_other_devices(tx, hospital_id, terminal_id, [one.device for one in devices])
            await store.keep_devices(tx, hospital_id, terminal_id, devices, call.now)
            await line_store.remove(tx, hospital_id, terminal_id, "card")
            await line_store.remove(tx, hospital_id, terminal_id, "code")
            await reading_store.slot(tx, hospital_id, terminal_id, "removed")
            code = await pairing_code(tx, hospital_id, terminal_id, call.now)
            await _tell(tx, call, "LineUp", terminal_id, epoch)
        self._committed()
        return Connected(terminal_id=terminal_id, epoch=epoch, heartbeat_s=HEARTBEAT_S, pairing_code=code)

    async def disconnect(self, call: Call, message: DisconnectTerminal) -> Accepted:
        hospital_id, terminal_id = _who(call)
        async with self._database.transaction() as tx:
            if await line_store.disconnect(tx, hospital_id, terminal_id, message.epoch):
                await _tell(tx, call, "LineDown", terminal_id, message.epoch)
        self._committed()
        return _ACCEPTED

    async def beat(self, call: Call, message: Heartbeat) -> Accepted:
        hospital_id, terminal_id = _who(call)
        async with self._database.read() as tx:
            lives = await line_store.beat(tx, hospital_id, terminal_id, message.epoch, call.now)
        if not lives:
            async with self._database.transaction() as tx:
                await self.fence(tx, call, message.epoch)
            self._committed()
        return _ACCEPTED

    async def report_device(self, call: Call, message: ReportDevice) -> Accepted:
        hospital_id, terminal_id = _who(call)
        async with self._database.transaction() as tx:
            if await self.is_new(tx, call, message.epoch, message.event_id):
                await store.keep_devices(tx, hospital_id, terminal_id, [message.device], call.now)
                await _tell(tx, call, "DeviceChanged", message.device.device, message.epoch)
        self._committed()
        return _ACCEPTED

    async def present_card(self, call: Call, message: PresentCard) -> Accepted:
        if len(message.block) not in (0, _BLOCK_BYTES):
            raise InvalidField(f"block: {len(message.block)} bytes instead of {_BLOCK_BYTES}")
        hospital_id, terminal_id = _who(call)
        async with self._database.transaction() as tx:
            if not await self.is_new(tx, call, message.epoch, message.event_id):
                return _ACCEPTED
            if message.serial:
                version = await self._presented.keep_other(tx, hospital_id, terminal_id, message.serial, call.now)
                await _tell(tx, call, "CardLaid", terminal_id, version)
            elif message.block:
                version = await self._presented.keep_card(tx, hospital_id, terminal_id, message.block, call.now)
                await _tell(tx, call, "CardLaid", terminal_id, version)
            elif (version := await line_store.remove(tx, hospital_id, terminal_id, "card")) is not None:
                await _tell(tx, call, "CardRemoved", terminal_id, version)
        self._committed()
        return _ACCEPTED

    async def present_code(self, call: Call, message: PresentCode) -> Accepted:
        hospital_id, terminal_id = _who(call)
        async with self._database.transaction() as tx:
            if await self.is_new(tx, call, message.epoch, message.event_id):
                version = await self._presented.keep_code(tx, hospital_id, terminal_id, message.text, call.now)
                await _tell(tx, call, "CodeScanned", terminal_id, version)
        self._committed()
        return _ACCEPTED

    async def take_print_jobs(self, call: Call, message: TakePrintJobs) -> PrintJobs:
        """Asking changes nothing: whatever is not reported yet is answered again."""
        hospital_id, terminal_id = _who(call)
        async with self._database.transaction() as tx:
            await self.fence(tx, call, message.epoch)
            tests = await printer_tests.waiting(tx, call)
        papers = await self._papers.take(hospital_id, terminal_id, call.now)
        jobs = [PrintJobView(job_id=one.job_id, kind=one.kind, data=one.data) for one in papers]
        return PrintJobs(jobs=[*tests, *jobs])

    async def report_print(self, call: Call, message: ReportPrint) -> Accepted:
        hospital_id, terminal_id = _who(call)
        async with self._database.transaction() as tx:
            await self.fence(tx, call, message.epoch)
            if not await printer_tests.reported(tx, call, message):
                await self._papers.report(tx, hospital_id, terminal_id, message.job_id, message.reason, call.now)
        self._committed()
        return _ACCEPTED

    async def is_new(self, tx: Tx, call: Call, epoch: int, event_id: str) -> bool:
        """An event that was taken before, and whose answer was lost, is not taken twice."""
        await self.fence(tx, call, epoch)
        return await line_store.take_event(tx, *_who(call), event_id, call.now)

    async def fence(self, tx: Tx, call: Call, epoch: int) -> None:
        """Everything of one terminal happens one after the other, and only over its newest line."""
        was_up = await line_store.revive(tx, *_who(call), epoch, call.now)
        if was_up is None:
            raise LineReplaced(f"epoch {epoch}")
        if not was_up:
            await _tell(tx, call, "LineUp", call.principal.terminal_id, epoch)


def _who(call: Call) -> tuple[int, str]:
    return call.hospital_id, call.principal.terminal_id


async def _tell(tx: Tx, call: Call, what: What, number: str, version: int) -> None:
    await push(tx, call.hospital_id, call.principal.terminal_id, what, number, version, call.now)
