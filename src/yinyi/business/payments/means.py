"""What connectors of payments are called: those that are connected, and those of whose payments is still told."""

from collections.abc import Mapping
from datetime import datetime

from yinyi.bus.database import Tx
from yinyi.business.payments import means_store
from yinyi.kernel.means import MeansWords, PaymentMeans

NONE: Mapping[str, PaymentMeans] = {}


class MeansBook:
    """``plugged``: by their names, those that bring their own words."""

    def __init__(self, plugged: Mapping[str, PaymentMeans] = NONE) -> None:
        self._plugged = plugged
        self._words = {name: _words(name, means) for name, means in plugged.items()}

    async def remember(self, tx: Tx, hospital_id: int, now: datetime) -> None:
        """What is connected is kept for the day on which it is connected no more; what was before is known again."""
        mine = [_words(name, means) for name, means in self._plugged.items()]
        kept = await means_store.remembered(tx, hospital_id, mine, now)
        self._words = {each.tender: each for each in (*kept, *mine)}

    def words(self) -> list[MeansWords]:
        """Of all that are or were connected."""
        return list(self._words.values())

    def of(self, tender: str) -> MeansWords | None:
        """None: it has brought no words."""
        return self._words.get(tender)

    def takes(self, tender: str, amount_fen: int) -> bool:
        """Whether one payment by this means may be over so much."""
        means = self._plugged.get(tender)
        return means is None or means.takes(amount_fen)


def _words(tender: str, means: PaymentMeans) -> MeansWords:
    return MeansWords(tender=tender, name=means.name, name_en=means.name_en, icon=means.icon)
