"""What can be broken of the ledger and of accounts, beside what payments say."""

from breakage import LATER, NOW, PAYMENT, SOON, STEPS, Breakage

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

OF_BOOKS: dict[str, Breakage] = {
    "taken, not booked": Breakage(
        "movements_are_booked",
        "delivered",
        NOW,
        ("ALTER TABLE posting DISABLE TRIGGER USER", UNBOOKED),
    ),
    "booked with another amount": Breakage(
        "movements_are_booked",
        "returned",
        NOW,
        (STEPS.format("amount_fen = 1", "returned", "payments.refund"),),
    ),
    "booked by nobody": Breakage("bookings_have_their_movement", "NOBODY:taken", NOW, (ENTRY, POSTING)),
    "delivered, and not booked": Breakage(
        "ended_payments_hold_nothing",
        "delivered",
        NOW,
        ("ALTER TABLE posting DISABLE TRIGGER USER", UNDELIVERED),
    ),
    "delivered, and booked with more": Breakage(
        "ended_payments_hold_nothing",
        "delivered",
        NOW,
        (
            "ALTER TABLE posting DISABLE TRIGGER USER",
            "UPDATE posting SET amount_fen = amount_fen + 7 WHERE entry_id IN (SELECT entry_id FROM journal_entry"
            " WHERE source = (SELECT payment_no || ':' || 'delivered' FROM payment WHERE payment_id = :delivered))",
        ),
    ),
    "delivered, and booked twice": Breakage(
        "ended_payments_hold_nothing",
        "delivered",
        NOW,
        (DELIVERED.format("payment_no || ':' || 'delivered:9'"), DELIVERED_AGAIN),
    ),
    "delivered by nobody": Breakage(
        "bookings_have_their_movement",
        "NOBODY:delivered",
        NOW,
        (DELIVERED.format("'NOBODY:' || 'delivered'"), DELIVERED_AGAIN),
    ),
    "sent back by nobody": Breakage(
        "bookings_have_their_movement",
        "NOBODY:taken",
        NOW,
        (ENTRY.replace("'taken'", "'refund_sent'"), POSTING),
    ),
    "money from nothing": Breakage("entries_move_as_their_kind", "NOBODY:taken", NOW, (ENTRY, FROM_NOTHING)),
    "an entry of another kind": Breakage(
        "entries_move_as_their_kind",
        "NOBODY:taken",
        NOW,
        (ENTRY.replace("'taken'", "'gift'"), OPENED),
    ),
    "a balance that its postings do not make": Breakage(
        "balances_are_their_postings",
        "prepaid:1",
        NOW,
        (ENTRY, FROM_NOTHING, ON_ACCOUNT),
    ),
    "postings that no balance has": Breakage("balances_are_their_postings", "prepaid:1", NOW, (ENTRY, FROM_NOTHING)),
    "delivered to somebody's account": Breakage(
        "deliveries_go_where_they_belong",
        "delivered",
        NOW,
        (
            "ALTER TABLE posting DISABLE TRIGGER USER",
            "UPDATE posting SET credit_account = 'prepaid:1' WHERE entry_id IN (SELECT entry_id FROM journal_entry"
            " WHERE source = (SELECT payment_no || ':' || 'delivered' FROM payment WHERE payment_id = :delivered))",
        ),
    ),
    "delivered before it was taken": Breakage(
        "open_payments_hold_no_less",
        "waiting",
        NOW,
        (DELIVERED.format("payment_no || ':' || 'delivered:9'").replace(":delivered", ":waiting", 1), DELIVERED_AGAIN),
    ),
    "a balance that nobody has posted": Breakage(
        "prepaid_balances_are_their_postings",
        "prepaid:1",
        NOW,
        (A_PATIENT, ON_ACCOUNT),
    ),
    "an entry without a posting": Breakage("entries_have_postings", "NOBODY:taken", NOW, (ENTRY,)),
    "opened, and nobody has confirmed it": Breakage("openings_confirmed", "NOBODY:taken", NOW, (ENTRY, OPENED)),
    "charged, and not booked": Breakage(
        "prepaid_charges_are_booked", "prepaid_charge:1:charged", SOON, (A_PATIENT, A_CHARGE)
    ),
    "booked as charged, and no charge": Breakage(
        "charge_entries_have_their_charge",
        "prepaid_charge:1:charged",
        NOW,
        (ENTRY.replace("NOBODY:taken', 'taken", "prepaid_charge:1:charged', 'charged"),),
    ),
    "settled by an insurance, and not booked": Breakage("settlements_are_booked", "delivered", NOW, INSURED),
    "in suspense, and nobody has said so": Breakage("suspense_is_explained", "NOBODY:taken", NOW, (ENTRY, SUSPENSE)),
    "said by two, and not booked": Breakage("suspense_is_explained", "suspense:over_found 4711", NOW, (SAID,)),
    "in doubt, and no payment is": Breakage("doubts_agree", "his:outpatient", NOW, (ENTRY, DOUBT)),
    "money of a number that is nobody's any more": Breakage(
        "merged_accounts_are_empty",
        "prepaid:902",
        LATER,
        (MERGED, BACK_AGAIN),
    ),
}
