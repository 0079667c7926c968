"""From frames of the terminal line to operations."""

from yinyi.bus.operation import Operation
from yinyi.business.terminals.messages import (
    Accepted,
    ConnectTerminal,
    PresentCard,
    PresentCode,
    ReportDevice,
    ReportPrint,
)
from yinyi.business.terminals.model import DeviceView
from yinyi.wire.terminal_line import (
    CardLaid,
    CardRemoved,
    DeviceReport,
    DeviceState,
    Event,
    Hello,
    PrintResult,
    Scanned,
)


def connecting(hello: Hello) -> ConnectTerminal:
    return ConnectTerminal(agent_version=hello.agent_version, devices=[_device(one) for one in hello.devices])


def telling(event: Event, epoch: int, kinds: dict[str, str]) -> Operation[Accepted]:
    """What an event tells the business layer. ``kinds``: of the devices, by name, as the agent said when it came."""
    match event:
        case CardLaid(event_id=event_id, device=device, credential=card):
            return PresentCard(epoch=epoch, event_id=event_id, device=device, block=card.block)
        case CardRemoved(event_id=event_id, device=device):
            return PresentCard(epoch=epoch, event_id=event_id, device=device)
        case Scanned(event_id=event_id, device=device, text=text):
            return PresentCode(epoch=epoch, event_id=event_id, device=device, text=text)
        case DeviceState(event_id=event_id, device=device, state=state, detail=detail):
            view = DeviceView(device=device, kind=kinds.get(device, ""), state=state, detail=detail)
            return ReportDevice(epoch=epoch, event_id=event_id, device=view)
        case PrintResult(job_id=job_id, reason=reason):
            return ReportPrint(epoch=epoch, job_id=job_id, reason=reason)


def kinds_of(hello: Hello) -> dict[str, str]:
    return {one.device: one.kind for one in hello.devices}


def _device(report: DeviceReport) -> DeviceView:
    return DeviceView(device=report.device, kind=report.kind, state=report.state, detail=report.detail)
