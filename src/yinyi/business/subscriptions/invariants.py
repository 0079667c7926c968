"""What has to hold of notifications."""

from yinyi.business.watch.model import Invariant


class NotificationsLeave(Invariant):
    """Every notification arrives or is seen to: none is given up, and none lies for an hour although its endpoint
    takes what it is told."""

    name = "notifications_leave"
    zh = "每条通知都送达或有人处理：没有放弃的通知，也没有在接收方正常时搁置一小时的通知。"
    every_s = 60.0
    statement = """
SELECT n.institution_id || ' ' || n.notification_no AS subject,
  CASE WHEN n.next_at IS NULL THEN 'given up: ' ELSE 'due since ' || n.next_at || ': ' END || n.problem AS detail,
  NULL::bigint AS position
FROM subscription s JOIN institution i USING (hospital_id, institution_id) CROSS JOIN LATERAL (
  (SELECT * FROM notification g
   WHERE g.hospital_id = s.hospital_id AND g.institution_id = s.institution_id
     AND g.next_at IS NULL AND g.delivered_at IS NULL LIMIT 50)
  UNION ALL
  (SELECT * FROM notification d
   WHERE d.hospital_id = s.hospital_id AND d.institution_id = s.institution_id
     AND d.next_at < :now::timestamptz - interval '1 hour' AND s.failures = 0 LIMIT 50)
) AS n
WHERE s.hospital_id = :hospital AND s.ended_at IS NULL AND i.closed_at IS NULL
LIMIT 100
"""
