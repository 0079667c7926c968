"""What people see of rows of sessions, batches and messages."""

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from yinyi.bus.database import Row
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.line_hours import LineHours
from yinyi.business.lines.messages_sessions import BatchView, ReversalView, SessionView
from yinyi.kernel.money import Fen


class NamesSlot(Protocol):
    """A request that names a session."""

    @property
    def acquirer(self) -> str: ...
    @property
    def merchant_no(self) -> str: ...
    @property
    def terminal_no(self) -> str: ...


def slot_of(named: NamesSlot) -> PosSession:
    return PosSession(named.acquirer, named.merchant_no, named.terminal_no)


def session_view(row: Row, now: datetime, zone: ZoneInfo, hours: LineHours) -> SessionView:
    has_signed_on = row["signed_on_day"] == now.astimezone(zone).date()
    open_since = row["open_since"]
    return SessionView(
        acquirer=row["acquirer"],
        merchant_no=row["merchant_no"],
        terminal_no=row["terminal_no"],
        terminal_id=row["terminal_id"],
        scope=row["scope"],
        merchant_name=row["merchant_name"],
        batch_no=row["batch_no"],
        trace_no=row["trace_no"],
        must_sign_on=row["must_sign_on"] or not has_signed_on,
        has_key=row["has_key"],
        in_doubt=row["in_doubt"],
        stuck=row["stuck"],
        gaps=row["gaps"],
        is_overdue=open_since is not None and open_since < hours.last_cut_over(now, zone),
        last_code=row["last_code"],
        signed_on_at=row["signed_on_at"],
        busy_until=_if_later(row["busy_until"], now),
        heard_at=row["heard_at"],
        open_since=open_since,
        settled_at=row["settled_at"],
        left_batches=row["left_batches"],
        host_batch_no=row["host_batch_no"] if row["host_batch_no"] != row["batch_no"] else None,
        signed_off_at=row["signed_off_at"],
        retired=row["retired"],
    )


def batch_view(row: Row, slot: PosSession, batch_no: int, now: datetime, under_way: bool) -> BatchView:
    is_busy = under_way or _if_later(row["busy_until"], now) is not None
    settled_at = row["settled_at"]
    return BatchView(
        **slot._asdict(),
        batch_no=batch_no,
        state="settled" if settled_at else "under_way" if is_busy else "open",
        debit_fen=Fen(row["debit_fen"]),
        debits=row["debits"],
        credit_fen=Fen(row["credit_fen"]),
        credits=row["credits"],
        balanced=bool(row["balanced"]),
        uploaded=row["uploaded"] or 0,
        settled_at=settled_at,
    )


def reversal_view(row: Row) -> ReversalView:
    return ReversalView(
        acquirer=row["acquirer"],
        merchant_no=row["merchant_no"],
        terminal_no=row["terminal_no"],
        terminal_id=row["terminal_id"],
        scope=row["scope"],
        batch_no=row["batch_no"],
        trace_no=row["trace_no"],
        kind=row["kind"],
        state=row["state"],
        reference=row["reference"],
        amount_fen=Fen(row["amount_fen"]),
        card_masked=row["card_masked"],
        sent_at=row["sent_at"],
        reason=row["reversal_reason"],
        tries=row["reversal_tries"],
        code=row["code"],
        of_reference=row["of_reference"],
        tried_at=row["reversal_at"],
    )


def _if_later(at: datetime | None, now: datetime) -> datetime | None:
    return at if at is not None and at > now else None
