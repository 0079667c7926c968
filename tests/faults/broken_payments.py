"""What can be broken of payments themselves, and of what channels and banks say of them."""

from breakage import LATER, NOW, PAYMENT, SOON, STEPS, Breakage

from yinyi.business.payments.plan import TAKE
from yinyi.business.scheduling.plans import CONFIRM

REFUND_AGAIN = """
INSERT INTO payment_step SELECT hospital_id, payment_id, position, attempt + 1, kind, reference || 'X', amount_fen,
  params, '{}', tries, since, next_at, until, sent_at, reason, evidence, show
FROM payment_step WHERE payment_id = :returned AND kind = 'payments.refund'"""
TOLD_BY_BANK = """
INSERT INTO institution_take SELECT 1, 'icbc', 'B1', :delivered, 'X', 1, :now, '2026-03-02', :now"""
LISTED_BY_BANK = """
INSERT INTO taken_list_row (hospital_id, institution_id, reference, taken_on, part, payment_no, amount_fen)
VALUES (1, 'icbc', 'B1', :now::date - 3, 1, 'P1', 1)"""
OBLIGATION = "INSERT INTO payment_obligation VALUES (1, 'registration', 'P9:S9', :{})"
MONEY = "payments_delivered_or_returned"

OF_PAYMENTS: dict[str, Breakage] = {
    "ended back, the money is not": Breakage(
        MONEY,
        "returned",
        NOW,
        (STEPS.format("state = 'refused'", "returned", "payments.refund"),),
    ),
    "ended back, the refund is under way": Breakage(
        MONEY,
        "returned",
        NOW,
        (STEPS.format("state = 'waiting'", "returned", "payments.refund"),),
    ),
    "ended forward, not delivered": Breakage(
        MONEY,
        "delivered",
        NOW,
        (STEPS.format("state = 'refused'", "delivered", CONFIRM),),
    ),
    "ended forward, paid twice": Breakage(
        MONEY,
        "delivered",
        NOW,
        (STEPS.format("state = 'late'", "delivered", TAKE),),
    ),
    "open with the money, and nobody knows": Breakage(
        MONEY,
        "delivered",
        LATER,
        (PAYMENT.format("ended_at = NULL, next_at = :now + interval '1 day'", "delivered"),),
    ),
    "given back twice": Breakage("refunds_within_taken", "returned", NOW, (REFUND_AGAIN.format("done"),)),
    "on its way back twice": Breakage("refunds_within_taken", "returned", NOW, (REFUND_AGAIN.format("waiting"),)),
    "another sum": Breakage("refunds_within_taken", "returned", NOW, (PAYMENT.format("taken_fen = 5001", "returned"),)),
    "open without its obligation": Breakage(
        "one_payment_per_obligation",
        "waiting",
        NOW,
        ("DELETE FROM payment_obligation WHERE payment_id = :waiting",),
    ),
    "delivered without its obligation": Breakage(
        "one_payment_per_obligation",
        "delivered",
        NOW,
        ("DELETE FROM payment_obligation WHERE payment_id = :delivered",),
    ),
    "given back, and nobody else may pay": Breakage(
        "one_payment_per_obligation",
        "returned",
        NOW,
        (OBLIGATION.format("returned"),),
    ),
    "an obligation of nobody": Breakage(
        "one_payment_per_obligation",
        "registration P9:S9",
        NOW,
        (
            OBLIGATION.format("closed"),
            "DELETE FROM payment_step WHERE payment_id = :closed",
            "DELETE FROM payment WHERE payment_id = :closed",
        ),
    ),
    "driven by the dead": Breakage(
        "nothing_without_owner",
        "waiting",
        NOW,
        (PAYMENT.format("lease_epoch = 999999, next_at = NULL", "waiting"),),
    ),
    "due, and nobody comes": Breakage(
        "nothing_without_owner",
        "waiting",
        NOW,
        (PAYMENT.format("next_at = :now - interval '10 minutes'", "waiting"),),
    ),
    "due next month": Breakage(
        "nothing_without_owner",
        "waiting",
        NOW,
        (PAYMENT.format("next_at = :now + interval '30 days'", "waiting"),),
    ),
    "past its deadline, and people do not know": Breakage(
        "nothing_without_owner",
        "waiting",
        NOW,
        (
            STEPS.format("state = 'unknown', sent_at = :now - interval '1 hour'", "waiting", TAKE),
            PAYMENT.format("next_at = :now + interval '1 hour'", "waiting"),
        ),
    ),
    "a callback that was kept and forgotten": Breakage(
        "callbacks_applied",
        "delivered",
        SOON,
        ("UPDATE payment_callback SET applied_at = NULL",),
    ),
    "told by a bank, and never taken": Breakage(
        "institutions_told_once",
        "icbc B1",
        NOW,
        (TOLD_BY_BANK,),
    ),
    "listed by a bank that has never said it": Breakage(
        "taken_differences_are_settled",
        "icbc B1",
        NOW,
        (LISTED_BY_BANK,),
    ),
    "no list of a bank that is expected to send one": Breakage(
        "taken_lists_arrive",
        "icbc 2026-02-28",
        NOW,
        ("DELETE FROM taken_list",),
    ),
    "taken by a bank that has not told of it": Breakage(
        "institutions_told_once",
        "delivered",
        NOW,
        (STEPS.format("""params = params || '{"channel": "institution"}'""", "delivered", TAKE),),
    ),
}
