"""What can be broken of the bank's line: keys, sessions, messages, cards."""

from breakage import SOON, Breakage

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

OF_LINES: dict[str, Breakage] = {
    "half of a key that nobody has forgotten": Breakage(
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
    "a purchase in doubt that nobody reverses": Breakage(
        "line_doubts_are_seen_to",
        "bank/m/t 1 7",
        SOON,
        (A_SESSION, A_MESSAGE.format("in_doubt", "2 hours")),
    ),
    "a purchase whose reversal is stuck, and no payment of it": Breakage(
        "stuck_reversals_are_looked_into",
        "bank/m/t 1 7",
        SOON,
        (A_SESSION, A_MESSAGE.format("stuck", "2 hours")),
    ),
    "a purchase whose reversal is stuck, and a payment that nobody looks into": Breakage(
        "stuck_reversals_are_looked_into",
        "bank/m/t 1 7",
        SOON,
        (A_SESSION, A_MESSAGE.format("stuck", "2 hours"), OF_A_STEP.format("delivered")),
    ),
    "a void whose reversal is stuck for longer than a day": Breakage(
        "stuck_reversals_are_looked_into",
        "bank/m/t 1 7",
        SOON,
        (A_SESSION, A_MESSAGE.format("stuck", "26 hours"), "UPDATE line_message SET kind = 'void'"),
    ),
    "a batch that its bank has left behind": Breakage(
        "line_batches_are_settled",
        "bank/m/t 1",
        SOON,
        (A_SESSION, "UPDATE line_session SET left_batches = '{1}'"),
    ),
    "a card that is kept for ever": Breakage(
        "card_data_is_forgotten",
        "bank/m/t 1 7",
        SOON,
        (A_SESSION, A_MESSAGE.format("approved", "367 days")),
    ),
}
