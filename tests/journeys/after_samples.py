"""What comes after: papers again, payments, staff, the end of a session, closed doors and failures in words."""

from datetime import timedelta
from typing import get_args

import msgspec
from sample_facts import CHROME, DEPARTMENTS, HEART, KEY, NIGHT, NOBODY, NOW, SOMEONE, Sample, subject_of

from yinyi.interface.journeys import views_afterwards, views_ends, views_register

_KINDS: tuple[tuple[views_afterwards.SlipKind, views_register.DepartmentChoice, int], ...] = (
    ("registration", HEART, 23),
    ("hold", DEPARTMENTS[4], 0),
    ("trouble", DEPARTMENTS[0], 0),
)
SLIPS = tuple(
    views_afterwards.Slip(
        document_no=f"X{n}",
        kind=kind,
        subject=subject_of(department, number),
        made_at=NOW - timedelta(hours=5 * n),
        amount_fen=5000,
    )
    for n, (kind, department, number) in enumerate(_KINDS)
)
_STATES: tuple[views_afterwards.PaymentState, ...] = (
    "registering",
    "done",
    "refunding",
    "refunded",
    "checking",
    "at_window",
    "nothing_taken",
    "staff_decides",
    "waiting",
)
PAYMENTS = tuple(
    views_afterwards.PaymentRow(
        payment_no=f"2611230100004{n}",
        ask_no=f"7Q4-28{n}",
        subject=subject_of(DEPARTMENTS[n % len(DEPARTMENTS)]),
        amount_fen=5000 - 500 * n,
        started_at=NOW - timedelta(hours=7 * n),
        state=state,
        resolves_by=NOW + timedelta(minutes=15) if state in ("registering", "checking") else None,
    )
    for n, state in enumerate(_STATES)
)


def _error(kind: views_ends.ErrorKind) -> Sample:
    tried_again = kind not in ("old_page", "not_found", "session_over")
    later = views_register.Later(session="afternoon", left=6) if kind == "slot_taken" else None
    return views_ends.ErrorView(
        kind=kind,
        back="/kiosk/register/departments" if tried_again else "",
        ask_no="7Q4-281" if kind == "unexpected" else "",
        later=later,
    ), SOMEONE


AFTER: dict[str, Sample] = {
    "reprint": (views_afterwards.ReprintView(slips=SLIPS, key=KEY), SOMEONE),
    "reprint-printing": (views_afterwards.ReprintView(slips=SLIPS, chosen="X0", printing="printing", key=KEY), SOMEONE),
    "reprint-none": (views_afterwards.ReprintView(slips=(), key=KEY), SOMEONE),
    "payments": (views_afterwards.FindPaymentView(payments=PAYMENTS, days=31), SOMEONE),
    "payments-none": (views_afterwards.FindPaymentView(payments=(), days=31), SOMEONE),
    "payments-news": (
        views_afterwards.PaymentNewsView(payments=(PAYMENTS[1], PAYMENTS[3]), on="/kiosk/register/departments"),
        SOMEONE,
    ),
    "help": (views_afterwards.CallStaffView(state="called", called_at=NOW), SOMEONE),
    "help-coming": (views_afterwards.CallStaffView(state="coming", called_at=NOW), SOMEONE),
    "help-nobody": (views_afterwards.CallStaffView(state="nobody", called_at=NOW), SOMEONE),
    "bye": (views_ends.ByeView(), msgspec.structs.replace(CHROME, card_in_reader=True)),
    "bye-all": (views_ends.ByeView(), NOBODY),
    "help-night": (views_afterwards.CallStaffView(state="nobody", called_at=NOW), NIGHT),
    "closed-platform": (views_ends.ClosedView(reason="platform_down"), msgspec.structs.replace(CHROME, line_ok=False)),
    "closed-not-paired": (views_ends.ClosedView(reason="not_paired", pairing_code="4826"), NOBODY),
    "closed-pairing": (views_ends.ClosedView(reason="not_paired"), NOBODY),
    "closed-locked": (views_ends.ClosedView(reason="locked"), NOBODY),
    "closed-locked-paper": (views_ends.ClosedView(reason="locked", because="paper"), NOBODY),
    "closed-night": (views_ends.ClosedView(reason="locked"), NIGHT),
}
ERRORS: dict[str, Sample] = {f"error-{kind.replace('_', '-')}": _error(kind) for kind in get_args(views_ends.ErrorKind)}
