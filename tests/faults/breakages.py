"""What can be broken of what has to hold, and how: by statements that no code of ours would run."""

from datetime import timedelta

from yinyi.business.payments.plan import TAKE
from yinyi.business.scheduling.plans import CONFIRM

STEPS = "UPDATE payment_step SET {} WHERE payment_id = :{} AND kind = '{}'"
PAYMENT = "UPDATE payment SET {} WHERE payment_id = :{}"
REFUND_AGAIN = """
INSERT INTO payment_step SELECT hospital_id, payment_id, position, attempt + 1, kind, reference || 'X', amount_fen,
  params, '{}', tries, since, next_at, until, sent_at, reason, evidence, show
FROM payment_step WHERE payment_id = :returned AND kind = 'payments.refund'"""
INSURED = (
    PAYMENT.format("""facts = facts || '{"claim": {"scheme": "employees"}}'""", "delivered"),
    """
INSERT INTO payment_step SELECT hospital_id, payment_id, x.position, 1, x.kind, reference || x.kind, amount_fen, '{}',
  'done', 0, since, next_at, until, sent_at, '', x.evidence::jsonb, show
FROM payment_step s, (VALUES (25, 'insurance.quote', '{"cash_fen": 1500}'), (38, 'insurance.settle', '{}'))
  AS x (position, kind, evidence)
WHERE payment_id = :delivered AND s.kind = 'payments.take'""",
)
UNBOOKED_AS = """
DELETE FROM posting WHERE entry_id IN (SELECT entry_id FROM journal_entry WHERE source IN (
  SELECT {} WHERE payment_id = :delivered))"""
UNBOOKED = UNBOOKED_AS.format("reference || ':taken' FROM payment_step")
ENTRY = """
INSERT INTO journal_entry (hospital_id, source, kind, business_date, posted_at)
VALUES (1, 'NOBODY:taken', 'taken', '2026-03-02', :now)"""
POSTING = """
INSERT INTO posting SELECT 1, entry_id, 1, 'channel:wechatpay:outpatient', 'patient_funds:outpatient', 5000
FROM journal_entry WHERE source = 'NOBODY:taken'"""
OPENED = POSTING.replace("channel:wechatpay:outpatient", "opening:former_system").replace("patient_funds", "prepaid")
FROM_NOTHING = POSTING.replace("channel:wechatpay:outpatient", "patient_funds:outpatient").replace(
    "'patient_funds:outpatient', 5000", "'prepaid:1', 5000"
)
DELIVERED = """
INSERT INTO journal_entry (hospital_id, source, kind, business_date, posted_at)
SELECT 1, {}, 'delivered', '2026-03-02', :now FROM payment WHERE payment_id = :delivered"""
DELIVERED_AGAIN = """
INSERT INTO posting SELECT 1, entry_id, 1, 'patient_funds:outpatient', 'hospital:outpatient:registration', 5000
FROM journal_entry WHERE kind = 'delivered' AND NOT EXISTS (
  SELECT FROM posting WHERE posting.entry_id = journal_entry.entry_id)"""
UNDELIVERED = UNBOOKED_AS.format("payment_no || ':' || 'delivered' FROM payment")
ON_ACCOUNT = """
INSERT INTO account_balance (hospital_id, account, balance_fen, changed_at) VALUES (1, 'prepaid:1', 5100, :now)"""
SUSPENSE = POSTING.replace("patient_funds:outpatient", "suspense:over")
DOUBT = POSTING.replace("channel:wechatpay:outpatient", "his:outpatient")
SAID = """
INSERT INTO payment_settlement (hospital_id, payment_id, reference, outcome, note, proposed_by, proposed_at, settled_by,
  settled_at, amount_fen, channel, merchant)
VALUES (1, 0, 'over_found 4711', 'over_found', 'n', 'one', :now, 'other', :now, 1, 'wechatpay', 'outpatient')"""
A_PATIENT = """
INSERT INTO patient (hospital_id, patient_no, name, sex, created_at, updated_at)
VALUES (1, 'P1', 'x', 'male', :now, :now)"""
MERGED = """
INSERT INTO patient (hospital_id, patient_id, patient_no, name, sex, created_at, updated_at, merged_into)
OVERRIDING SYSTEM VALUE VALUES (1, 901, 'P901', 'x', 'male', :now, :now, NULL), (1, 902, 'P902', 'x', 'male', :now,
  :now, 901)"""
BACK_AGAIN = """
INSERT INTO account_balance (hospital_id, account, balance_fen, changed_at) VALUES (1, 'prepaid:902', 5, :now)"""
A_CHARGE = """
INSERT INTO prepaid_charge (hospital_id, institution_id, charge_no, patient_id, amount_fen, items, operator, place,
  charged_at, business_date)
SELECT 1, 'his', 'C1', patient_id, 1, '{x}', 'o', 'p', :now, '2026-03-02' FROM patient"""
TOLD_BY_BANK = """
INSERT INTO institution_take SELECT 1, 'icbc', 'B1', :delivered, 'X', 1, :now, '2026-03-02', :now"""
LISTED_BY_BANK = """
INSERT INTO taken_list_row (hospital_id, institution_id, reference, taken_on, part, payment_no, amount_fen)
VALUES (1, 'icbc', 'B1', :now::date - 3, 1, 'P1', 1)"""
OBLIGATION = "INSERT INTO payment_obligation VALUES (1, 'registration', 'P9:S9', :{})"
MONEY = "payments_delivered_or_returned"
SOON, LATER = timedelta(minutes=6), timedelta(hours=2)
NOW = timedelta()

A_SESSION = (
    "INSERT INTO line_session (hospital_id, acquirer, merchant_no, terminal_no, scope, terminal_id, merchant_name,"
    " batch_no) VALUES (1, 'bank', 'm', 't', 'outpatient', 'K03', 'x', 2)"
)
A_MESSAGE = (
    "INSERT INTO line_message (hospital_id, session_id, batch_no, trace_no, epoch, kind, reference, amount_fen, state,"
    " card_data, sent_at) SELECT 1, session_id, 1, 7, 1, 'purchase', 'r', 1, '{}', 'x', :now - interval '{}'"
    " FROM line_session"
)

OF_A_STEP = (
    "UPDATE line_message SET reference = s.reference FROM payment_step s"
    " WHERE s.payment_id = :{} AND s.kind = 'payments.take'"
)

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

BROKEN: dict[str, tuple[str, str, timedelta, tuple[str, ...]]] = {
    "ended back, the money is not": (
        MONEY,
        "returned",
        NOW,
        (STEPS.format("state = 'refused'", "returned", "payments.refund"),),
    ),
    "ended back, the refund is under way": (
        MONEY,
        "returned",
        NOW,
        (STEPS.format("state = 'waiting'", "returned", "payments.refund"),),
    ),
    "ended forward, not delivered": (
        MONEY,
        "delivered",
        NOW,
        (STEPS.format("state = 'refused'", "delivered", CONFIRM),),
    ),
    "ended forward, paid twice": (
        MONEY,
        "delivered",
        NOW,
        (STEPS.format("state = 'late'", "delivered", TAKE),),
    ),
    "open with the money, and nobody knows": (
        MONEY,
        "delivered",
        LATER,
        (PAYMENT.format("ended_at = NULL, next_at = :now + interval '1 day'", "delivered"),),
    ),
    "taken, not booked": (
        "movements_are_booked",
        "delivered",
        NOW,
        ("ALTER TABLE posting DISABLE TRIGGER USER", UNBOOKED),
    ),
    "booked with another amount": (
        "movements_are_booked",
        "returned",
        NOW,
        (STEPS.format("amount_fen = 1", "returned", "payments.refund"),),
    ),
    "booked by nobody": ("bookings_have_their_movement", "NOBODY:taken", NOW, (ENTRY, POSTING)),
    "delivered, and not booked": (
        "ended_payments_hold_nothing",
        "delivered",
        NOW,
        ("ALTER TABLE posting DISABLE TRIGGER USER", UNDELIVERED),
    ),
    "delivered, and booked with more": (
        "ended_payments_hold_nothing",
        "delivered",
        NOW,
        (
            "ALTER TABLE posting DISABLE TRIGGER USER",
            "UPDATE posting SET amount_fen = amount_fen + 7 WHERE entry_id IN (SELECT entry_id FROM journal_entry"
            " WHERE source = (SELECT payment_no || ':' || 'delivered' FROM payment WHERE payment_id = :delivered))",
        ),
    ),
    "delivered, and booked twice": (
        "ended_payments_hold_nothing",
        "delivered",
        NOW,
        (DELIVERED.format("payment_no || ':' || 'delivered:9'"), DELIVERED_AGAIN),
    ),
    "delivered by nobody": (
        "bookings_have_their_movement",
        "NOBODY:delivered",
        NOW,
        (DELIVERED.format("'NOBODY:' || 'delivered'"), DELIVERED_AGAIN),
    ),
    "sent back by nobody": (
        "bookings_have_their_movement",
        "NOBODY:taken",
        NOW,
        (ENTRY.replace("'taken'", "'refund_sent'"), POSTING),
    ),
    "money from nothing": ("entries_move_as_their_kind", "NOBODY:taken", NOW, (ENTRY, FROM_NOTHING)),
    "an entry of another kind": (
        "entries_move_as_their_kind",
        "NOBODY:taken",
        NOW,
        (ENTRY.replace("'taken'", "'gift'"), OPENED),
    ),
    "a balance that its postings do not make": (
        "balances_are_their_postings",
        "prepaid:1",
        NOW,
        (ENTRY, FROM_NOTHING, ON_ACCOUNT),
    ),
    "postings that no balance has": ("balances_are_their_postings", "prepaid:1", NOW, (ENTRY, FROM_NOTHING)),
    "delivered to somebody's account": (
        "deliveries_go_where_they_belong",
        "delivered",
        NOW,
        (
            "ALTER TABLE posting DISABLE TRIGGER USER",
            "UPDATE posting SET credit_account = 'prepaid:1' WHERE entry_id IN (SELECT entry_id FROM journal_entry"
            " WHERE source = (SELECT payment_no || ':' || 'delivered' FROM payment WHERE payment_id = :delivered))",
        ),
    ),
    "delivered before it was taken": (
        "open_payments_hold_no_less",
        "waiting",
        NOW,
        (DELIVERED.format("payment_no || ':' || 'delivered:9'").replace(":delivered", ":waiting", 1), DELIVERED_AGAIN),
    ),
    "a balance that nobody has posted": (
        "prepaid_balances_are_their_postings",
        "prepaid:1",
        NOW,
        (A_PATIENT, ON_ACCOUNT),
    ),
    "an entry without a posting": ("entries_have_postings", "NOBODY:taken", NOW, (ENTRY,)),
    "opened, and nobody has confirmed it": ("openings_confirmed", "NOBODY:taken", NOW, (ENTRY, OPENED)),
    "charged, and not booked": ("prepaid_charges_are_booked", "prepaid_charge:1:charged", SOON, (A_PATIENT, A_CHARGE)),
    "booked as charged, and no charge": (
        "charge_entries_have_their_charge",
        "prepaid_charge:1:charged",
        NOW,
        (ENTRY.replace("NOBODY:taken', 'taken", "prepaid_charge:1:charged', 'charged"),),
    ),
    "settled by an insurance, and not booked": ("settlements_are_booked", "delivered", NOW, INSURED),
    "in suspense, and nobody has said so": ("suspense_is_explained", "NOBODY:taken", NOW, (ENTRY, SUSPENSE)),
    "said by two, and not booked": ("suspense_is_explained", "suspense:over_found 4711", NOW, (SAID,)),
    "in doubt, and no payment is": ("doubts_agree", "his:outpatient", NOW, (ENTRY, DOUBT)),
    "given back twice": ("refunds_within_taken", "returned", NOW, (REFUND_AGAIN.format("done"),)),
    "on its way back twice": ("refunds_within_taken", "returned", NOW, (REFUND_AGAIN.format("waiting"),)),
    "another sum": ("refunds_within_taken", "returned", NOW, (PAYMENT.format("taken_fen = 5001", "returned"),)),
    "open without its obligation": (
        "one_payment_per_obligation",
        "waiting",
        NOW,
        ("DELETE FROM payment_obligation WHERE payment_id = :waiting",),
    ),
    "delivered without its obligation": (
        "one_payment_per_obligation",
        "delivered",
        NOW,
        ("DELETE FROM payment_obligation WHERE payment_id = :delivered",),
    ),
    "given back, and nobody else may pay": (
        "one_payment_per_obligation",
        "returned",
        NOW,
        (OBLIGATION.format("returned"),),
    ),
    "an obligation of nobody": (
        "one_payment_per_obligation",
        "registration P9:S9",
        NOW,
        (
            OBLIGATION.format("closed"),
            "DELETE FROM payment_step WHERE payment_id = :closed",
            "DELETE FROM payment WHERE payment_id = :closed",
        ),
    ),
    "a stopped session, still delivered": ("stopped_sessions_balance", "delivered", NOW, (A_CHANGE, A_VISIT)),
    "a stopped session of which nobody is told": ("stopped_sessions_balance", "S9", NOW, (A_CHANGE,)),
    "driven by the dead": (
        "nothing_without_owner",
        "waiting",
        NOW,
        (PAYMENT.format("lease_epoch = 999999, next_at = NULL", "waiting"),),
    ),
    "due, and nobody comes": (
        "nothing_without_owner",
        "waiting",
        NOW,
        (PAYMENT.format("next_at = :now - interval '10 minutes'", "waiting"),),
    ),
    "due next month": (
        "nothing_without_owner",
        "waiting",
        NOW,
        (PAYMENT.format("next_at = :now + interval '30 days'", "waiting"),),
    ),
    "past its deadline, and people do not know": (
        "nothing_without_owner",
        "waiting",
        NOW,
        (
            STEPS.format("state = 'unknown', sent_at = :now - interval '1 hour'", "waiting", TAKE),
            PAYMENT.format("next_at = :now + interval '1 hour'", "waiting"),
        ),
    ),
    "a callback that was kept and forgotten": (
        "callbacks_applied",
        "delivered",
        SOON,
        ("UPDATE payment_callback SET applied_at = NULL",),
    ),
    "told by a bank, and never taken": (
        "institutions_told_once",
        "icbc B1",
        NOW,
        (TOLD_BY_BANK,),
    ),
    "listed by a bank that has never said it": (
        "taken_differences_are_settled",
        "icbc B1",
        NOW,
        (LISTED_BY_BANK,),
    ),
    "no list of a bank that is expected to send one": (
        "taken_lists_arrive",
        "icbc 2026-02-28",
        NOW,
        ("DELETE FROM taken_list",),
    ),
    "taken by a bank that has not told of it": (
        "institutions_told_once",
        "delivered",
        NOW,
        (STEPS.format("""params = params || '{"channel": "institution"}'""", "delivered", TAKE),),
    ),
    "a record outside the chain": (
        "audit_sealed",
        "audit 2",
        SOON,
        (
            "INSERT INTO audit (hospital_id, at, actor, patient_id, operation, subject, detail, correlation_id)"
            " VALUES (1, :now, 'a', 0, 'o', 's', '', 'c')",
        ),
    ),
    "an event that stays": (
        "events_leave",
        " event.y",
        SOON,
        ("INSERT INTO outbox (hospital_id, subject, body, created_at) VALUES (1, 'event.y', '{}', :now)",),
    ),
    "half of a key that nobody has forgotten": (
        "key_components_expire",
        "bank/m/t",
        SOON,
        (
            "INSERT INTO line_master_key (hospital_id, master_key_id, in_use_since) VALUES (1, '1-0', :now)",
            "INSERT INTO line_key_component (hospital_id, acquirer, merchant_no, terminal_no, part, master_key_id,"
            " sealed, check_value, entered_by, entered_at, expires_at)"
            " VALUES (1, 'bank', 'm', 't', 1, '1-0', '', '\\x01020304', 'a', :now, :now)",
        ),
    ),
    "a purchase in doubt that nobody reverses": (
        "line_doubts_are_seen_to",
        "bank/m/t 1 7",
        SOON,
        (A_SESSION, A_MESSAGE.format("in_doubt", "2 hours")),
    ),
    "a purchase whose reversal is stuck, and no payment of it": (
        "stuck_reversals_are_looked_into",
        "bank/m/t 1 7",
        SOON,
        (A_SESSION, A_MESSAGE.format("stuck", "2 hours")),
    ),
    "a purchase whose reversal is stuck, and a payment that nobody looks into": (
        "stuck_reversals_are_looked_into",
        "bank/m/t 1 7",
        SOON,
        (A_SESSION, A_MESSAGE.format("stuck", "2 hours"), OF_A_STEP.format("delivered")),
    ),
    "a void whose reversal is stuck for longer than a day": (
        "stuck_reversals_are_looked_into",
        "bank/m/t 1 7",
        SOON,
        (A_SESSION, A_MESSAGE.format("stuck", "26 hours"), "UPDATE line_message SET kind = 'void'"),
    ),
    "a batch that its bank has left behind": (
        "line_batches_are_settled",
        "bank/m/t 1",
        SOON,
        (A_SESSION, "UPDATE line_session SET left_batches = '{1}'"),
    ),
    "a receipt that does not come": ("fiscal_invoices_are_issued", "R1", NOW, (A_RECEIPT,)),
    "news that nobody sees to": (
        "news_are_seen_to",
        "lis M1",
        SOON,
        (NEWS.format("waiting", ":now", "NULL::timestamptz"),),
    ),
    "news that people do not look into": ("news_are_seen_to", "lis M1", SOON, (NEWS.format("parked", "NULL", ":now"),)),
    "a bulletin that nobody takes": ("bulletins_arrive", "his YY1", NOW, (BULLETIN.format("waiting", ":now", "NULL"),)),
    "a bulletin that is refused": ("bulletins_arrive", "his YY1", NOW, (BULLETIN.format("parked", "NULL", A_DAY),)),
    "money of a number that is nobody's any more": (
        "merged_accounts_are_empty",
        "prepaid:902",
        LATER,
        (MERGED, BACK_AGAIN),
    ),
    "a notification that was given up": (
        "notifications_leave",
        "his 7",
        NOW,
        (TOLD_THERE, TELLS, NOTIFIED.replace("$NEXT", "NULL")),
    ),
    "a notification that lies about": (
        "notifications_leave",
        "his 7",
        LATER,
        (TOLD_THERE, TELLS, NOTIFIED.replace("$NEXT", ":now")),
    ),
    "lines that nobody gives back": (
        "line_refunds_are_made",
        "L1",
        NOW,
        (LINES_BACK.format("wanted", ":now", "NULL"),),
    ),
    "lines for which no money was left": (
        "line_refunds_are_made",
        "L1",
        NOW,
        (LINES_BACK.format("short", "NULL", ":now"),),
    ),
    "an end that nobody has looked at": (
        "fiscal_invoices_are_issued",
        "delivered",
        LATER,
        ("INSERT INTO payment_end VALUES (1, :delivered, 1)",),
    ),
    "a card that is kept for ever": (
        "card_data_is_forgotten",
        "bank/m/t 1 7",
        SOON,
        (A_SESSION, A_MESSAGE.format("approved", "367 days")),
    ),
}
"""What is broken: the invariant that finds it, under which subject, after how long, and how it was broken."""
