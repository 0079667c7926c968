"""What notifications ask of the outside."""

from typing import Protocol, runtime_checkable

from yinyi.business.subscriptions.model import Headers


@runtime_checkable
class Notifies(Protocol):
    """Carries a notification to an institution's own server."""

    async def notify(self, endpoint: str, headers: Headers, content: bytes) -> str:
        """Empty: it was taken (a status from 200 to 299). Otherwise what went wrong, without the address and without
        anything that was sent or answered; it may have arrived then, too. Never raises for what the other side does."""
        ...
