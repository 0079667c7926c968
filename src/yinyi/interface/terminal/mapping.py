"""From frames of the terminal line to operations."""

from yinyi.bus.operation import Operation
from yinyi.business.payments.messages_cards import PresentPayCard
from yinyi.business.terminals.messages import (
    Accepted,
    CardRequest,
    ConnectTerminal,
    PresentCard,
    PresentCode,
    ReportCardTerminal,
    ReportDevice,
    ReportPrint,
)
from yinyi.business.terminals.model import DeviceView
from yinyi.wire.terminal_line import (
    CardLaid,
    CardRemoved,
    CardRoute,
    CardTerminalStep,
    DeviceReport,
    DeviceState,
    Event,
    Hello,
    OtherCard,
    PayCardRead,
    PrintResult,
    Scanned,
    TakeCard,
)


def connecting(hello: Hello) -> ConnectTerminal:
    return ConnectTerminal(agent_version=hello.agent_version, devices=[_device(one) for one in hello.devices])


def telling(event: Event, epoch: int, kinds: dict[str, str]) -> Operation[Accepted]:
    """What an event tells the business layer. ``kinds``: of the devices, by name, as the agent said when it came."""
    match event:
        case CardLaid(event_id=event_id, device=device, credential=card):
            if isinstance(card, OtherCard):
                return PresentCard(epoch=epoch, event_id=event_id, device=device, serial=card.serial)
            return PresentCard(epoch=epoch, event_id=event_id, device=device, block=card.block)
        case CardRemoved(event_id=event_id, device=device):
            return PresentCard(epoch=epoch, event_id=event_id, device=device)
        case Scanned(event_id=event_id, device=device, text=text):
            return PresentCode(epoch=epoch, event_id=event_id, device=device, text=text)
        case CardTerminalStep(event_id=event_id, request_id=request_id, step=step, digits=digits):
            return ReportCardTerminal(epoch=epoch, event_id=event_id, request_id=request_id, step=step, digits=digits)
        case PayCardRead():
            return _pay_card(event, epoch)
        case DeviceState(event_id=event_id, device=device, state=state, detail=detail):
            view = DeviceView(device=device, kind=kinds.get(device, ""), state=state, detail=detail)
            return ReportDevice(epoch=epoch, event_id=event_id, device=view)
        case PrintResult(job_id=job_id, reason=reason):
            return ReportPrint(epoch=epoch, job_id=job_id, reason=reason)


def kinds_of(hello: Hello) -> dict[str, str]:
    return {one.device: one.kind for one in hello.devices}


def _device(report: DeviceReport) -> DeviceView:
    return DeviceView(device=report.device, kind=report.kind, state=report.state, detail=report.detail)


def _pay_card(read: PayCardRead, epoch: int) -> PresentPayCard:
    return PresentPayCard(
        epoch=epoch,
        event_id=read.event_id,
        request_id=read.request_id,
        slot=read.slot,
        sealed=read.sealed,
    )


def taking(request: CardRequest) -> TakeCard:
    """What the agent is asked to do about it."""
    return TakeCard(
        request_id=request.request_id,
        seal_key=request.seal_key,
        purpose=request.purpose,
        amount_fen=request.amount_fen,
        merchant_name=request.merchant_name,
        language=request.language,
        within_s=request.within_s,
        routes=[
            CardRoute(
                prefixes=one.prefixes,
                slot=one.slot,
                pin_key=one.pin_key,
                pin_key_check=one.pin_key_check,
                taken=one.taken,
                takes_stripe=one.takes_stripe,
            )
            for one in request.routes
        ],
    )
