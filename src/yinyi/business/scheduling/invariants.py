"""What has to hold of bookings at any time."""

from yinyi.business.watch.model import Invariant


class StoppedSessionsBalance(Invariant):
    """Of a session that was stopped every number goes back with what was paid for it, and every patient is told."""

    name = "stopped_sessions_balance"
    zh = "停诊的班次，每个号连同已付的钱都退回，每位患者都得到通知。"
    every_s = 30.0
    statement = """
(SELECT v.payment_no AS subject, 'its session is stopped, and it is still delivered' AS detail,
   NULL::bigint AS position
 FROM visit_change v JOIN payment p ON p.hospital_id = :hospital AND p.payment_no = v.payment_no
 WHERE v.hospital_id = :hospital AND v.kind = 'stopped' AND p.direction = 'forward'
   AND v.changed_at > :now::timestamptz - interval '60 days'
 LIMIT 50)
UNION ALL
(SELECT c.schedule_id, c.numbers || ' numbers were somebody''s, and ' || v.told || ' patients are told', NULL
 FROM session_change c CROSS JOIN LATERAL (
   SELECT count(*) AS told FROM visit_change v WHERE v.hospital_id = :hospital AND v.change_id = c.change_id) AS v
 WHERE c.hospital_id = :hospital AND c.numbers <> v.told AND c.changed_at > :now::timestamptz - interval '60 days'
 LIMIT 50)
"""
