"""What has to hold of the audit log."""

from yinyi.business.watch.model import Invariant


class AuditSealed(Invariant):
    """Every audit record is in the hash chain a minute after it was written."""

    name = "audit_sealed"
    zh = "每条审计记录在写入后一分钟内进入哈希链。"
    every_s = 30.0
    statement = """
SELECT 'audit ' || a.audit_id AS subject, 'not in the chain: ' || a.operation || ' ' || a.subject AS detail,
  NULL::bigint AS position
FROM audit a
WHERE a.place IS NULL AND a.hospital_id = :hospital AND a.at < :now::timestamptz - interval '1 minute'
ORDER BY a.audit_id LIMIT 100
"""
