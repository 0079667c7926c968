"""Prepaid accounts in numbers."""

from yinyi.business.watch.model import Figure


class ChargeDifferences(Figure):
    """Charges of prepaid accounts on which the hospital does not agree and that nobody has settled"""

    name = "prepaid_charge_differences"
    statement = """
SELECT '' AS label, count(*) AS value FROM prepaid_charge_difference d
WHERE d.hospital_id = :hospital AND d.gone_at IS NULL AND d.settled_at IS NULL
"""


FIGURES = (ChargeDifferences(),)
