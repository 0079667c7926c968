"""What stands around every page."""

from datetime import datetime, time

from yinyi.bus.envelope import SessionView
from yinyi.business.terminals.model import LIVE, Counter, TerminalView
from yinyi.interface.journeys import views
from yinyi.interface.kiosk.cookies import Look

NOWHERE = TerminalView(
    terminal_id="",
    name="",
    place="",
    place_en="",
    profile="hall",
    hospital="自助服务",
    hospital_en="Self-service",
    window=Counter(name="人工窗口", name_en="a window"),
    triage=Counter(name="导诊台", name_en="the information desk"),
    locked=False,
    line_ok=False,
    card_in_reader=False,
    devices=[],
)
"""A screen that has not been told where it is."""


def chrome_of(
    terminal: TerminalView,
    session: SessionView | None,
    look: Look,
    *,
    now: datetime,
    here: str,
    csrf: str,
    steps: tuple[views.StepName, ...],
    can_time_out: bool,
    events: str,
    idle_s: int | None = None,
    is_old: bool = False,
) -> views.Chrome:
    """``is_old``: of whoever has no session yet."""
    return views.Chrome(
        hospital=terminal.hospital,
        hospital_en=terminal.hospital_en,
        terminal=terminal.name or terminal.terminal_id,
        place=terminal.place,
        place_en=terminal.place_en,
        now=now,
        here=here,
        csrf=csrf,
        window=_counter(terminal.window, now),
        triage=_counter(helping(terminal, now), now),
        language=look.language,
        mode=mode_of(session, look),
        theme=look.theme,
        reach=look.reach,
        patient=_chip(session),
        steps=steps,
        events=events,
        idle_s=idle_s,
        can_time_out=can_time_out,
        card_in_reader=terminal.card_in_reader,
        pay_card_in=terminal.reading.card_in and terminal.reading.state not in LIVE,
        offer_elder=not look.mode and (session.offer_elder if session is not None else is_old),
        means=tuple(terminal.means),
    )


def mode_of(session: SessionView | None, look: Look) -> views.Mode:
    """What was chosen at this screen counts, then what the patient keeps from the last time."""
    return look.mode or ("elder" if session is not None and session.elder else "normal")


def helping(terminal: TerminalView, now: datetime) -> Counter:
    """Where people help to choose: no page sends anybody to a desk where nobody sits."""
    return terminal.triage if terminal.triage.is_open(now.time()) else terminal.window


def _counter(counter: Counter, now: datetime) -> views.Counter:
    is_open = counter.is_open(now.time())
    return views.Counter(
        name=counter.name,
        name_en=counter.name_en,
        open_until=counter.open_until if is_open else None,
        opens_at=None if is_open else counter.open_from or time.min,
    )


def _chip(session: SessionView | None) -> views.PatientChip | None:
    if session is None:
        return None
    return views.PatientChip(
        name=session.name_masked, age=session.age, number_tail=session.patient_no_tail, guardian=session.guardian_masked
    )
