"""What has to hold of keys of the bank line."""

from yinyi.business.watch.model import Invariant


class KeyComponentsExpire(Invariant):
    """No component of a key waits for longer than it may."""

    name = "key_components_expire"
    zh = "没有超过保留时限的密钥分量。"
    every_s = 30.0
    statement = """
SELECT c.acquirer || '/' || c.merchant_no || '/' || c.terminal_no AS subject,
  'component ' || c.part || ' was to be deleted' AS detail, NULL::bigint AS position
FROM line_key_component c
WHERE c.hospital_id = :hospital AND c.expires_at < :now::timestamptz - interval '5 minutes'
ORDER BY c.expires_at LIMIT 100
"""
