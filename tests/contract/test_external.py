"""A database that a hospital runs itself: what it has to be."""

import pytest

from yinyi.app import external
from yinyi.app.errors import CannotStart
from yinyi.app.external import require_database


def test_texts_are_in_the_order_of_their_bytes(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger's entries are found by ranges of their sources. The hospital's own database may be as it likes. Not
    every PostgreSQL can be made to sort as a language does: the answer of one that does is put in its place."""
    require_database("YINYI_DATABASE_URL", platform_url, is_ours=True)
    monkeypatch.setattr(external, "SORTS_BY_BYTES", "SELECT 'b' < 'a'")
    require_database("YINYI_HOSPITAL_DATABASE_URL", platform_url, is_ours=False)
    with pytest.raises(CannotStart, match="The database of YINYI_DATABASE_URL sorts texts as a language does"):
        require_database("YINYI_DATABASE_URL", platform_url, is_ours=True)
