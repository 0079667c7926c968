"""What has to hold of the ledger by itself."""

from yinyi.business.watch.model import Invariant, Walk, slices

ENTRIES = Walk(table="journal_entry", key="entry_id", at="posted_at", lag_s=15)
"""Longer than any transaction lasts: nothing with a lower number is committed later."""


class EntriesHavePostings(Invariant):
    """Every journal entry has its postings."""

    name = "entries_have_postings"
    zh = "每张凭证都有分录。"
    walk = ENTRIES
    statement = """
SELECT e.source AS subject, e.kind || ', without a posting' AS detail,
  e.entry_id AS position
FROM :entries AS e
WHERE NOT EXISTS (SELECT FROM posting p WHERE p.hospital_id = :hospital AND p.entry_id = e.entry_id)
LIMIT 100
""".replace(":entries", slices(ENTRIES))
