"""What can be broken of what the house owes others besides money: news, receipts, notifications, the audit."""

from breakage import LATER, NOW, SOON, Breakage

A_CHANGE = (
    "INSERT INTO session_change (hospital_id, schedule_id, kind, numbers, changed_at)"
    " SELECT 1, 'S9', 'stopped', 1, :now"
)
A_VISIT = (
    "INSERT INTO visit_change (hospital_id, change_id, payment_no, patient_id, kind, facts, changed_at)"
    " SELECT 1, c.change_id, p.payment_no, 1, 'stopped', '{}', :now FROM session_change c, payment p"
    " WHERE p.payment_id = :delivered"
)
LINES_BACK = (
    "INSERT INTO invoice_refund (hospital_id, reference, payment_no, invoice_no, line_nos, amount_fen, reason, state,"
    " wanted_at, wanted_by, next_at, ended_at) VALUES (1, 'L1', 'P1', 'I1', '{{1}}', 1, 'r', '{}',"
    " :now - interval '2 hours', 'staff:x', {}, {})"
)
NEWS = (
    "INSERT INTO hospital_news (hospital_id, sender, control_id, kind, event, about, digest, body_key_id, body_data,"
    " state, received_at, next_at, handled_at) VALUES (1, 'lis', 'M1', 'report', 'ORU^R01', 'T1', '', 1, '', '{}',"
    " :now - interval '26 hours', {}, {} - interval '25 hours')"
)
A_DAY = ":now - interval '25 hours'"
BULLETIN = (
    "INSERT INTO hospital_bulletin (hospital_id, receiver, control_id, event, payment_no, patient_id, amount_fen,"
    " facts, state, made_at, next_at, ended_at) VALUES (1, 'his', 'YY1', 'booked', 'P1', 1, 0, '{{}}', '{}',"
    " :now - interval '26 hours', {}, {})"
)
TOLD_THERE = """
INSERT INTO institution (hospital_id, institution_id, kind, name, per_minute, per_day, created_at)
VALUES (1, 'his', 'hospital', 'x', 1, 1, :now)"""
TELLS = """
INSERT INTO subscription (hospital_id, institution_id, endpoint, topics, set_at, rest_until)
VALUES (1, 'his', 'https://his.example/', '{payment}', :now, :now)"""
NOTIFIED = """
INSERT INTO notification (hospital_id, institution_id, notification_no, topic, subject, version, body, at, next_at)
VALUES (1, 'his', 7, 'payment', 'P1', 1, '{}', :now, $NEXT)"""
A_RECEIPT = """
INSERT INTO fiscal_invoice (hospital_id, reference, payment_no, patient_id, title, amount_fen, paid_at, state,
  wanted_at, next_at)
VALUES (1, 'R1', 'R1', 1, 'x', 5000, :now, 'sent', :now - interval '25 hours', :now + interval '1 hour')"""

OF_OTHERS: dict[str, Breakage] = {
    "a stopped session, still delivered": Breakage("stopped_sessions_balance", "delivered", NOW, (A_CHANGE, A_VISIT)),
    "a stopped session of which nobody is told": Breakage("stopped_sessions_balance", "S9", NOW, (A_CHANGE,)),
    "a record outside the chain": Breakage(
        "audit_sealed",
        "audit 2",
        SOON,
        (
            "INSERT INTO audit (hospital_id, at, actor, patient_id, operation, subject, detail, correlation_id)"
            " VALUES (1, :now, 'a', 0, 'o', 's', '', 'c')",
        ),
    ),
    "an event that stays": Breakage(
        "events_leave",
        " event.y",
        SOON,
        ("INSERT INTO outbox (hospital_id, subject, body, created_at) VALUES (1, 'event.y', '{}', :now)",),
    ),
    "a receipt that does not come": Breakage("fiscal_invoices_are_issued", "R1", NOW, (A_RECEIPT,)),
    "news that nobody sees to": Breakage(
        "news_are_seen_to",
        "lis M1",
        SOON,
        (NEWS.format("waiting", ":now", "NULL::timestamptz"),),
    ),
    "news that people do not look into": Breakage(
        "news_are_seen_to", "lis M1", SOON, (NEWS.format("parked", "NULL", ":now"),)
    ),
    "a bulletin that nobody takes": Breakage(
        "bulletins_arrive", "his YY1", NOW, (BULLETIN.format("waiting", ":now", "NULL"),)
    ),
    "a bulletin that is refused": Breakage(
        "bulletins_arrive", "his YY1", NOW, (BULLETIN.format("parked", "NULL", A_DAY),)
    ),
    "a notification that was given up": Breakage(
        "notifications_leave",
        "his 7",
        NOW,
        (TOLD_THERE, TELLS, NOTIFIED.replace("$NEXT", "NULL")),
    ),
    "a notification that lies about": Breakage(
        "notifications_leave",
        "his 7",
        LATER,
        (TOLD_THERE, TELLS, NOTIFIED.replace("$NEXT", ":now")),
    ),
    "lines that nobody gives back": Breakage(
        "line_refunds_are_made",
        "L1",
        NOW,
        (LINES_BACK.format("wanted", ":now", "NULL"),),
    ),
    "lines for which no money was left": Breakage(
        "line_refunds_are_made",
        "L1",
        NOW,
        (LINES_BACK.format("short", "NULL", ":now"),),
    ),
    "an end that nobody has looked at": Breakage(
        "fiscal_invoices_are_issued",
        "delivered",
        LATER,
        ("INSERT INTO payment_end VALUES (1, :delivered, 1)",),
    ),
}
