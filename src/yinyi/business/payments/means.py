"""What connectors of payments are called: those that are connected, and those of whose payments is still told."""

from collections.abc import Iterable, Mapping

from yinyi.kernel.means import MeansWords, PaymentMeans

NONE: Mapping[str, PaymentMeans] = {}


class MeansBook:
    """``plugged``: by their names, those that bring their own words."""

    def __init__(self, plugged: Mapping[str, PaymentMeans] = NONE) -> None:
        self._plugged = plugged
        self._words = {name: _words(name, means) for name, means in plugged.items()}

    def connected(self) -> list[MeansWords]:
        """Of those that are connected now."""
        return [_words(name, means) for name, means in self._plugged.items()]

    def knows_again(self, kept: Iterable[MeansWords]) -> None:
        """What was connected before is known again; what is connected now says itself what it is called."""
        self._words = {each.tender: each for each in (*kept, *self.connected())}

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
