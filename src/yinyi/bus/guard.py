"""No lock is held across a call to the outside: calling out while a transaction is open is a mistake, and caught."""

from contextvars import ContextVar

in_transaction: ContextVar[bool] = ContextVar("in_transaction", default=False)
"""Set by ``bus.database`` for as long as a transaction is open."""


def assert_no_transaction() -> None:
    """Called before anything leaves the house.

    Raises:
        AssertionError: a transaction is open, so a lock would be held across the call.
    """
    assert not in_transaction.get(), "a call to the outside while a transaction is open"
