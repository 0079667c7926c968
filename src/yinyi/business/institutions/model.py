"""Institutions that ask over their own line: the hospital's systems, banks, vendors. Plain data."""

from typing import Literal

import msgspec

InstitutionKind = Literal["hospital", "bank", "vendor"]
"""``hospital``: the HIS, windows, doctors' rooms of the hospital itself."""


class Institution(msgspec.Struct, frozen=True, kw_only=True):
    """Whose signature was found good. It speaks for one hospital only."""

    hospital_id: int
    institution_id: str
    kind: InstitutionKind
    name: str
