"""What has to hold of payments at any time. Open ones are few and are all looked at; ended ones are walked through."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from yinyi.business.ledger.invariants import ENTRIES
from yinyi.business.payments.books import (
    FUNDS,
    OPEN,
    OWED_BY_INSURANCE,
    DeliveriesGoWhereTheyBelong,
    DoubtsAgree,
    OpenPaymentsHoldNoLess,
)
from yinyi.business.payments.engine import Rules
from yinyi.business.payments.moves import OF_PAYMENTS, OF_STEPS
from yinyi.business.watch.model import Invariant, Walk, slices

PAYMENTS = Walk(table="payment", key="payment_id", at="started_at", lag_s=1800)
"""Half an hour after they were opened nearly all have ended."""
LATER = msgspec.structs.replace(ENTRIES, lag_s=1800)
"""Half an hour after money moved its payment has nearly always ended."""

_PARTS = {
    ":open": OPEN,
    ":touched": """
touched AS (
  SELECT DISTINCT ON (s.payment_id) s.payment_id, e.entry_id
  FROM :entries AS e JOIN payment_step s ON s.reference = split_part(e.source, ':', 1) AND s.hospital_id = :hospital
  WHERE e.kind IN ('taken', 'refund_sent', 'refunded', 'refund_not_made')
  ORDER BY s.payment_id, e.entry_id DESC
)""",
    ":at_work": """
(s.state IN ('doing', 'unknown', 'undoing', 'undo_unknown')
  OR s.kind = 'payments.refund' AND s.state IN ('planned', 'waiting'))
""",
    ":people_by": """
coalesce(s.sent_at, s.since) + interval '1 second' * coalesce(
  :deadlines::jsonb ->> (s.kind || '/' || coalesce(s.params ->> 'channel', '')), :deadlines::jsonb ->> s.kind)::float
""",
    ":owed": OWED_BY_INSURANCE,
    ":funds": FUNDS,
    ":given_back": """
(SELECT coalesce(sum(b.amount_fen), 0) FROM payment_step b
 WHERE b.hospital_id = :hospital AND b.payment_id = s.payment_id AND b.kind = 'payments.refund'
   AND b.params ->> 'of' = s.reference AND b.state IN ('done', 'late'))
""",
    ":sent_back": """
(SELECT coalesce(sum(b.amount_fen), 0) FROM payment_step b
 WHERE b.hospital_id = :hospital AND b.payment_id = s.payment_id AND b.kind = 'payments.refund'
   AND b.params ->> 'of' = s.reference AND b.state IN ('doing', 'waiting', 'unknown', 'done', 'late')
   AND b.params ->> 'by' IS DISTINCT FROM 'channel')
""",
}
_SLICES = {
    ":slices": slices(PAYMENTS),
    ":entries": slices(ENTRIES),
    ":obligations": slices(msgspec.structs.replace(PAYMENTS, table="payment_obligation")),
}
"""``touched``: payments whose money moved with these
journal entries. ``people_by``: when people are told of step ``s``, by the rules' seconds for kind and channel.
``given_back``, ``sent_back``: of take ``s``, surely, and by us, maybe."""


def _filled(statement: str) -> str:
    for name, part in (_PARTS | _SLICES).items():
        statement = statement.replace(name, part)
    return statement


def _deadlines(rules: Rules) -> str:
    return msgspec.json.encode({kind: rule.people_after_s for kind, rule in rules.items()}).decode()


class DeliveredOrReturned(Invariant):
    """Every payment that took money is delivered, or given back, or in the human queue by its deadline."""

    name = "payments_delivered_or_returned"
    zh = "每笔已收款的支付，要么已交付，要么已退回，要么到期前进入人工处理队列。"
    walk = LATER
    statement = _filled("""
WITH :touched
(SELECT p.payment_no AS subject, 'open, past its deadline, and people were not told: '
    || p.taken_fen - p.returned_fen || ' fen' AS detail, NULL::bigint AS position
 FROM :open AS p
 WHERE p.attention = '' AND p.taken_fen > p.returned_fen
   AND greatest(p.pay_by, (
     SELECT greatest(max(s.since), max(:people_by) FILTER (WHERE :at_work) - interval '25 minutes')
     FROM payment_step s WHERE s.hospital_id = :hospital AND s.payment_id = p.payment_id)
   ) < :now::timestamptz - interval '30 minutes'
 LIMIT 100)
UNION ALL
(SELECT p.payment_no, CASE WHEN p.direction = 'back' THEN 'ended, and not all of its money is back'
    ELSE 'ended, and neither delivered nor given back' END, t.entry_id
 FROM touched t JOIN payment p ON p.hospital_id = :hospital AND p.payment_id = t.payment_id
 WHERE p.ended_at IS NOT NULL AND EXISTS (
   SELECT FROM payment_step s WHERE s.hospital_id = :hospital AND s.payment_id = p.payment_id AND (
     :at_work
     OR s.kind = 'payments.take' AND s.amount_fen > :given_back
       AND (s.state = 'late' OR s.state = 'done' AND p.direction = 'back')
     OR p.direction = 'forward' AND s.position < 900 AND s.state <> 'done'
       AND NOT (s.kind = 'payments.take' AND s.state = 'planned' AND NOT s.params ? 'channel')
       AND NOT EXISTS (
         SELECT FROM payment_step n WHERE n.hospital_id = :hospital AND n.payment_id = s.payment_id
           AND n.position = s.position AND n.attempt > s.attempt)))
 LIMIT 100)
""")

    def __init__(self, rules: Rules) -> None:
        self.parameters = {"deadlines": _deadlines(rules)}


class MovementsAreBooked(Invariant):
    """Every movement of money that a payment knows of stands in the ledger, with its amount, channel and merchant."""

    name = "movements_are_booked"
    zh = "支付记录的每笔资金变动都按金额、渠道和商户号记入账簿。"
    walk = PAYMENTS
    statement = _filled("""
SELECT p.payment_no AS subject, s.reference || ' is ' || s.state || ' and not booked as such: ' || s.amount_fen
  || ' fen, ' || (s.params ->> 'channel') AS detail, p.payment_id AS position
FROM :slices AS p
JOIN payment_step s ON s.hospital_id = :hospital AND s.payment_id = p.payment_id
  AND s.kind IN ('payments.take', 'payments.refund') AND s.state IN ('done', 'late') AND s.amount_fen > 0
CROSS JOIN LATERAL (
  SELECT s.kind = 'payments.take' AS taking,
    CASE WHEN s.params ->> 'channel' = 'prepaid' THEN '' ELSE 'channel:' END
      || (s.params ->> 'channel') || ':' || (s.params ->> 'merchant') AS account) AS m
WHERE NOT EXISTS (
  SELECT FROM journal_entry e JOIN posting o ON o.hospital_id = e.hospital_id AND o.entry_id = e.entry_id
  WHERE e.hospital_id = :hospital AND e.source = s.reference || CASE WHEN m.taking THEN ':taken' ELSE ':refunded' END
    AND o.amount_fen = s.amount_fen
    AND CASE WHEN m.taking THEN o.debit_account ELSE o.credit_account END = m.account)
LIMIT 100
""")


class BookingsHaveTheirMovement(Invariant):
    """Every movement of money in the ledger is one that a payment knows of, with the same amount."""

    name = "bookings_have_their_movement"
    zh = "账簿中的每笔资金变动都有对应的支付记录，金额一致。"
    walk = ENTRIES
    statement = _filled("""
SELECT e.source AS subject, 'booked as ' || e.kind || ' on ' || e.business_date || ', and no payment knows of it'
  AS detail, e.entry_id AS position
FROM :entries AS e
WHERE CASE
  WHEN e.kind IN ('taken', 'refunded') THEN NOT EXISTS (
    SELECT FROM payment_step s
    JOIN posting o ON o.hospital_id = :hospital AND o.entry_id = e.entry_id AND o.amount_fen = s.amount_fen
    WHERE s.reference = split_part(e.source, ':', 1) AND s.hospital_id = :hospital AND s.state IN ('done', 'late')
      AND s.kind = CASE WHEN e.kind = 'taken' THEN 'payments.take' ELSE 'payments.refund' END)
  WHEN e.kind = ANY(:of_steps::text[]) THEN NOT EXISTS (
    SELECT FROM payment_step s WHERE s.reference = split_part(e.source, ':', 1) AND s.hospital_id = :hospital)
  WHEN e.kind = ANY(:of_payments::text[]) THEN NOT EXISTS (
    SELECT FROM payment p WHERE p.payment_no = split_part(e.source, ':', 1) AND p.hospital_id = :hospital) END
LIMIT 100
""")
    parameters: Mapping[str, Any] = {"of_steps": [*OF_STEPS], "of_payments": [*OF_PAYMENTS]}


class EndedPaymentsHoldNothing(Invariant):
    """What an ended payment has taken is delivered in the ledger, or given back: nothing of it stands among patients'
    money any more."""

    name = "ended_payments_hold_nothing"
    zh = "已结束的支付在账簿中要么已交付、要么已退回，患者资金中不再有它的余额。"
    walk = PAYMENTS
    statement = _filled("""
SELECT p.payment_no AS subject, 'it has ended, and ' || f.fen || ' fen of it stand among patients'' money' AS detail,
  p.payment_id AS position
FROM :slices AS p CROSS JOIN LATERAL :funds AS f
WHERE p.ended_at IS NOT NULL AND f.fen <> 0
LIMIT 100
""")


class SettlementsAreBooked(Invariant):
    """What an insurance has settled stands in the ledger as owed by it, as it was quoted, until it is undone."""

    name = "settlements_are_booked"
    zh = "医保已结算的金额按预结算结果记为应收，直到撤销为止。"
    walk = PAYMENTS
    statement = _filled("""
SELECT p.payment_no AS subject, 'its insurance owes ' || owed.fen || ' fen, and ' || booked.fen || ' are booked'
  AS detail, p.payment_id AS position
FROM :slices AS p
CROSS JOIN LATERAL (
  SELECT sum(:owed)::bigint AS fen, array_agg(s.reference) AS settlements FROM payment_step s
  WHERE s.hospital_id = :hospital AND s.payment_id = p.payment_id AND s.kind = 'insurance.settle') AS owed
CROSS JOIN LATERAL (
  SELECT coalesce(sum(CASE WHEN o.debit_account LIKE 'insurance:%' THEN o.amount_fen ELSE -o.amount_fen END), 0)::bigint
    AS fen
  FROM unnest(owed.settlements) AS r (reference)
  JOIN journal_entry e ON e.hospital_id = :hospital AND e.kind IN ('promised', 'promise_undone')
    AND e.source >= r.reference || ':promise' AND e.source < r.reference || ':promisf'
  JOIN posting o ON o.hospital_id = :hospital AND o.entry_id = e.entry_id) AS booked
WHERE p.facts ? 'claim' AND owed.fen <> booked.fen
LIMIT 100
""")


class SuspenseIsExplained(Invariant):
    """Everything in suspense is there because two people have said so, or because a refund took more than a patient's
    account had; and everything that two people have said is booked."""

    name = "suspense_is_explained"
    zh = "挂账的每笔都由两人认定，或因退款超出账户余额而产生；两人认定的都已入账。"
    statement = """
WITH said AS (
  SELECT coalesce(p.payment_no, 'suspense') || ':' || CASE WHEN s.payment_id = 0 THEN '' ELSE s.outcome || ':' END
    || s.reference AS source, s.amount_fen
  FROM payment_settlement s
  LEFT JOIN payment p ON p.hospital_id = s.hospital_id AND p.payment_id = s.payment_id
  WHERE s.hospital_id = :hospital AND s.settled_at IS NOT NULL AND s.amount_fen > 0
    AND s.outcome <> 'as_channel_says'
), booked AS (
  SELECT e.source, e.kind, o.amount_fen FROM posting o JOIN journal_entry e USING (hospital_id, entry_id)
  WHERE o.hospital_id = :hospital AND (o.debit_account LIKE 'suspense:%' OR o.credit_account LIKE 'suspense:%')
)
(SELECT b.source AS subject, 'in suspense as ' || b.kind || ', and nobody has said so' AS detail,
   NULL::bigint AS position
 FROM booked b WHERE b.kind NOT IN ('refund_sent', 'refunded', 'taken_back')
   AND NOT EXISTS (SELECT FROM said s WHERE s.source = b.source AND s.amount_fen = b.amount_fen)
 LIMIT 50)
UNION ALL
(SELECT s.source, 'said by two, and not booked: ' || s.amount_fen || ' fen', NULL
 FROM said s WHERE NOT EXISTS (SELECT FROM booked b WHERE b.source = s.source AND b.amount_fen = s.amount_fen)
 LIMIT 50)
"""


class RefundsWithinTaken(Invariant):
    """No more is given back than was taken: for each movement, and for the payment as a whole."""

    name = "refunds_within_taken"
    zh = "退款不超过收款：逐笔如此，整笔支付亦如此。"
    walk = ENTRIES
    statement = _filled("""
WITH :touched, sums AS (
  SELECT t.payment_id, t.entry_id, s.reference, s.state IN ('done', 'late') AS taken,
    CASE WHEN s.state IN ('done', 'late') THEN s.amount_fen ELSE 0 END AS taken_fen,
    :given_back AS back_fen,
    :sent_back AS sent_fen
  FROM touched t JOIN payment_step s
    ON s.hospital_id = :hospital AND s.payment_id = t.payment_id AND s.kind = 'payments.take'
)
SELECT p.payment_no AS subject, min(CASE WHEN greatest(f.back_fen, f.sent_fen) > f.taken_fen
    THEN f.reference || ' took ' || f.taken_fen || ' fen; given back ' || f.back_fen || ', sent ' || f.sent_fen
    ELSE 'its sums are not those of its steps' END) AS detail, min(f.entry_id) AS position
FROM sums f JOIN payment p ON p.hospital_id = :hospital AND p.payment_id = f.payment_id
GROUP BY p.payment_id, p.payment_no, p.taken_fen, p.returned_fen
HAVING bool_or(greatest(f.back_fen, f.sent_fen) > f.taken_fen)
  OR p.taken_fen <> sum(f.taken_fen) OR p.returned_fen <> sum(least(f.back_fen, f.taken_fen))
LIMIT 100
""")


class OnePaymentPerObligation(Invariant):
    """What is owed is paid once: a payment that is open or delivered holds its obligation, and no other one does."""

    name = "one_payment_per_obligation"
    zh = "一项支付义务只付一次：未完成或已交付的支付占有该义务，其他支付不占有。"
    walk = PAYMENTS
    statement = _filled("""
(SELECT p.payment_no AS subject, 'open, and holds no obligation' AS detail,
   NULL::bigint AS position
 FROM :open AS p
 WHERE p.direction = 'forward' AND p.purpose = ANY(:obliged::text[]) AND NOT EXISTS (
   SELECT FROM payment_obligation o WHERE o.payment_id = p.payment_id AND o.hospital_id = :hospital)
 LIMIT 100)
UNION ALL
(SELECT p.payment_no, CASE WHEN p.direction = 'back' THEN 'given back, and still holds ' || o.kind || ' ' || o.number
    ELSE 'delivered, and holds no obligation' END, p.payment_id
 FROM :slices AS p
 LEFT JOIN payment_obligation o ON o.payment_id = p.payment_id AND o.hospital_id = :hospital
 WHERE p.ended_at IS NOT NULL AND CASE WHEN p.direction = 'back' THEN o.payment_id IS NOT NULL
   ELSE o.payment_id IS NULL AND p.purpose = ANY(:obliged::text[]) END
 LIMIT 100)
UNION ALL
(SELECT o.kind || ' ' || o.number, 'held by a payment that does not exist', o.payment_id
 FROM :obligations AS o
 WHERE NOT EXISTS (SELECT FROM payment p WHERE p.hospital_id = :hospital AND p.payment_id = o.payment_id)
 LIMIT 100)
""")

    def __init__(self, obliged: Collection[str]) -> None:
        """``obliged``: the purposes that always pay for an obligation."""
        self.parameters = {"obliged": sorted(obliged)}


class NothingWithoutOwner(Invariant):
    """Every open payment is driven by a living process or has its next instant soon, and what is past its deadline is
    in the human queue."""

    name = "nothing_without_owner"
    zh = "每笔未完成的支付都由存活的进程驱动或有临近的下次动作；逾期的都在人工处理队列中。"
    statement = _filled("""
(SELECT p.payment_no AS subject, 'its process ' || p.lease_epoch || ' is dead, and nobody has taken over' AS detail,
   NULL::bigint AS position
 FROM payment p
 WHERE p.lease_epoch IS NOT NULL AND p.hospital_id = :hospital AND NOT EXISTS (
   SELECT FROM process_lease l
   WHERE l.epoch = p.lease_epoch AND l.alive_until > :now::timestamptz - interval '1 minute')
 LIMIT 25)
UNION ALL
(SELECT p.payment_no, 'due since ' || to_char(p.next_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"'), NULL
 FROM payment p
 WHERE p.lease_epoch IS NULL AND p.next_at < :now::timestamptz - interval '5 minutes' AND p.hospital_id = :hospital
 ORDER BY p.next_at LIMIT 25)
UNION ALL
(SELECT p.payment_no, 'nothing is to happen for a week', NULL
 FROM payment p
 WHERE p.lease_epoch IS NULL AND p.next_at > :now::timestamptz + interval '7 days' AND p.hospital_id = :hospital
   AND p.ended_at IS NULL
 ORDER BY p.next_at LIMIT 25)
UNION ALL
(SELECT p.payment_no, 'past a deadline, and people were not told', NULL
 FROM :open AS p
 WHERE p.attention = '' AND EXISTS (
   SELECT FROM payment_step s WHERE s.hospital_id = :hospital AND s.payment_id = p.payment_id AND :at_work
     AND :people_by < :now::timestamptz - interval '5 minutes')
 LIMIT 25)
""")

    def __init__(self, rules: Rules) -> None:
        self.parameters = {"deadlines": _deadlines(rules)}


class CallbacksApplied(Invariant):
    """Every callback that was kept is applied to its payment within five minutes."""

    name = "callbacks_applied"
    zh = "收下的每条支付通知在五分钟内落实到对应的支付。"
    every_s = 30.0
    statement = """
SELECT coalesce(p.payment_no, c.reference) AS subject, c.verdict || ' callback of ' || c.source || ' about '
  || c.reference || ', never applied' AS detail, NULL::bigint AS position
FROM payment_callback c LEFT JOIN payment p ON p.hospital_id = c.hospital_id AND p.payment_id = c.payment_id
WHERE c.applied_at IS NULL AND c.payment_id IS NOT NULL AND c.hospital_id = :hospital
  AND c.received_at < :now::timestamptz - interval '5 minutes'
LIMIT 100
"""


class InstitutionsToldOnce(Invariant):
    """What an institution says that it has taken is one movement of its payment, over the same amount, and every such
    movement is one that an institution has told of."""

    name = "institutions_told_once"
    zh = "合作机构上报的每笔代收，都对应支付中一笔金额相同的收款；每笔代收都有机构上报。"
    walk = PAYMENTS
    statement = _filled("""
(SELECT t.institution_id || ' ' || t.reference AS subject, 'told of, and ' || p.payment_no || ' has no such movement: '
    || t.amount_fen || ' fen' AS detail, p.payment_id AS position
 FROM :slices AS p JOIN institution_take t ON t.payment_id = p.payment_id AND t.hospital_id = :hospital
 WHERE NOT EXISTS (
   SELECT FROM payment_step s WHERE s.hospital_id = :hospital AND s.payment_id = p.payment_id
     AND s.reference = t.step_reference AND s.kind = 'payments.take' AND s.state IN ('done', 'late')
     AND s.amount_fen = t.amount_fen AND s.params ->> 'merchant' = t.institution_id)
 LIMIT 50)
UNION ALL
(SELECT p.payment_no, s.reference || ' was taken by an institution that has not told of it', p.payment_id
 FROM :slices AS p JOIN payment_step s ON s.hospital_id = :hospital AND s.payment_id = p.payment_id
   AND s.kind = 'payments.take' AND s.state IN ('done', 'late') AND s.params ->> 'channel' = 'institution'
 WHERE NOT EXISTS (
   SELECT FROM institution_take t
   WHERE t.payment_id = p.payment_id AND t.hospital_id = :hospital AND t.step_reference = s.reference)
 LIMIT 50)
""")


def payment_invariants(rules: Rules, obliged: Collection[str]) -> list[Invariant]:
    """All of this domain's."""
    return [
        DeliveredOrReturned(rules),
        MovementsAreBooked(),
        BookingsHaveTheirMovement(),
        EndedPaymentsHoldNothing(),
        OpenPaymentsHoldNoLess(),
        DeliveriesGoWhereTheyBelong(),
        SettlementsAreBooked(),
        SuspenseIsExplained(),
        RefundsWithinTaken(),
        OnePaymentPerObligation(obliged),
        NothingWithoutOwner(rules),
        CallbacksApplied(),
        InstitutionsToldOnce(),
        DoubtsAgree(),
    ]
