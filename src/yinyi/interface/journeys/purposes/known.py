"""What payments are for, as this process has seen it: that never changes, so that a page need not ask for it first."""

MOST = 5000


class KnownPurposes:
    """By payment number. How a payment stands, what is owed and whose it is are asked for by every page."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._names: dict[str, str] = {}

    def get(self, payment_no: str) -> str | None:
        return self._names.get(payment_no)

    def keep(self, payment_no: str, purpose: str) -> None:
        """The longest known of more than so many is forgotten."""
        self._names[payment_no] = purpose
        if len(self._names) > self._most:
            del self._names[next(iter(self._names))]
