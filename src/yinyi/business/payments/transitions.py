"""The one table of what a step may become: the runtime, the database constraint, the docs and the tests use this."""

from typing import Literal, get_args

from yinyi.business.payments.plan import StepState

StepEvent = Literal[
    "send",  # the engine lets ``do`` leave; again only where repeating is harmless
    "done",
    "waiting",
    "refused",
    "not_sent",  # it surely never left: no connection, limit reached; and no call before it is in doubt
    "unknown",
    "not_found",  # believed: the other side never knew it
    "again",  # a refund is sent once more, under the same reference
    "give_up",  # it could not be sent for too long
    "undo",  # the engine lets ``undo`` leave
    "undo_done",
    "undo_unknown",
    "already_happened",  # the undo came too late
]

_TABLE: dict[StepState, dict[StepEvent, StepState]] = {
    "planned": {"send": "doing", "give_up": "refused"},
    "doing": {
        "send": "doing",
        "done": "done",
        "waiting": "waiting",
        "refused": "refused",
        "not_sent": "planned",
        "unknown": "unknown",
        "not_found": "refused",
    },
    "waiting": {
        "done": "done",
        "waiting": "waiting",
        "refused": "refused",
        "unknown": "waiting",
        "not_sent": "waiting",
        "not_found": "refused",
        "undo": "undoing",
    },
    "unknown": {
        "send": "doing",
        "done": "done",
        "waiting": "waiting",
        "refused": "refused",
        "unknown": "unknown",
        "not_sent": "unknown",
        "not_found": "refused",
        "undo": "undoing",
    },
    "done": {"undo": "undoing", "done": "done"},
    "refused": {"done": "late", "again": "planned"},
    "undoing": {
        "undo_done": "undone",
        "undo_unknown": "undo_unknown",
        "already_happened": "done",
        "done": "done",
    },
    "undo_unknown": {
        "undo": "undoing",
        "undo_done": "undone",
        "already_happened": "done",
        "done": "done",
    },
    "undone": {"done": "late"},
    "late": {"done": "late", "undo": "undoing"},
}

STATES: tuple[StepState, ...] = get_args(StepState)
EVENTS: tuple[StepEvent, ...] = get_args(StepEvent)


class Impossible(Exception):
    """The table has no such transition: an error in the engine, never of the outside."""


def after(state: StepState, event: StepEvent) -> StepState:
    """The next state.

    Raises:
        Impossible: not in the table.
    """
    try:
        return _TABLE[state][event]
    except KeyError:
        raise Impossible(f"{state} --{event}--> ?") from None


def allowed(state: StepState, event: StepEvent) -> bool:
    return event in _TABLE[state]


def table() -> list[tuple[StepState, StepEvent, StepState]]:
    """Every transition there is, for the docs and for tests."""
    return [(state, event, end) for state, row in _TABLE.items() for event, end in row.items()]
