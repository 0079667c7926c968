"""Invariants in numbers."""

from yinyi.business.watch.model import Figure

_COUNTED = "SELECT c.name AS label, :value AS value FROM invariant_check c WHERE c.hospital_id = :hospital"
_STANDING = """
(SELECT count(*) FROM invariant_finding f WHERE f.hospital_id = c.hospital_id AND f.name = c.name AND f.gone_at IS NULL)
"""


class InvariantHolds(Figure):
    """Whether this invariant holds, as far as was looked: 1 or 0"""

    name = "invariant_holds"
    label = "invariant"
    statement = _COUNTED.replace(":value", "(:standing = 0)::int").replace(":standing", _STANDING)


class InvariantViolations(Figure):
    """What breaks this invariant and is not gone"""

    name = "invariant_violations"
    label = "invariant"
    statement = _COUNTED.replace(":value", ":standing").replace(":standing", _STANDING)


class InvariantCheckedAge(Figure):
    """Since this invariant was looked at last"""

    name = "invariant_checked_age_seconds"
    label = "invariant"
    statement = """
SELECT c.name AS label, extract(epoch FROM :now - c.checked_at)::float AS value
FROM invariant_check c WHERE c.hospital_id = :hospital AND c.checked_at IS NOT NULL
"""


FIGURES = (InvariantHolds(), InvariantViolations(), InvariantCheckedAge())
