"""The pages of ``docs/`` that are written by the code itself: what a payment's step may become, and the operations."""

import ast
import inspect
import re
from types import ModuleType

from yinyi.app import describe_operations, describe_socket
from yinyi.business.payments import builder, model, plan, transitions
from yinyi.kernel import outcome

BY = "<!-- Written by `yinyi describe`; a test keeps it current. Change the code, not this page. -->\n"

_MEANING = re.compile(r'"(\w+)",\s*#\s*(.+)')


def pages() -> dict[str, str]:
    """Markdown by file name under ``docs/``."""
    return {
        "payment-states.md": _payment_states(),
        "payment-plans.md": _payment_plans(),
        "protocols/operations.md": BY + describe_operations.page(),
        **{f"protocols/{name}": text for name, text in describe_operations.descriptions_of_rest().items()},
        "protocols/socket.md": BY + describe_socket.page(),
        "protocols/socket.xsd": describe_socket.xsd(),
        **{f"protocols/{name}": text for name, text in describe_operations.descriptions_of_soap().items()},
        **{f"protocols/{name}": text for name, text in describe_operations.descriptions_of_queues().items()},
    }


def meanings(module: ModuleType, name: str) -> dict[str, str]:
    """What the words of a ``Literal`` mean: the comments beside them in the source."""
    source = inspect.getsource(module)
    assigned = next(
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name
    )
    lines = source.splitlines()[assigned.lineno - 1 : assigned.end_lineno]
    return {match[1]: match[2] for line in lines if (match := _MEANING.search(line))}


def diagram() -> str:
    """The changes of state as a Mermaid diagram; what leaves a state as it is would only blur it."""
    events: dict[tuple[str, str], list[str]] = {}
    for state, event, end in transitions.table():
        if state != end:
            events.setdefault((state, end), []).append(event)
    arrows = [f"    {state} --> {end}: {', '.join(each)}" for (state, end), each in events.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    direction LR", "    [*] --> planned", *arrows, "```"])


def _payment_states() -> str:
    rows = transitions.table()
    cells = {(state, event): end for state, event, end in rows}
    states, events = meanings(plan, "StepState"), meanings(transitions, "StepEvent")
    lines = [
        BY,
        "# What a step of a payment may become",
        "",
        "A payment is a plan of steps ([the life of one payment](architecture.md#the-life-of-one-payment)). Each step",
        f"is in one of {len(transitions.STATES)} states; an event moves it by this one table, which stands in",
        "[`transitions.py`](../src/yinyi/business/payments/transitions.py). The engine raises `Impossible` for",
        "anything that is not in it, and the database refuses a state that is not one of these.",
        "",
        diagram(),
        "",
        "## States",
        "",
        *_table(("state", "meaning"), {state: _meaning(state, states) for state in transitions.STATES}),
        "",
        "## Events",
        "",
        *_table(("event", "meaning"), {event: _meaning(event, events) for event in transitions.EVENTS}),
        "",
        f"## All {len(rows)} transitions",
        "",
        "Rows are the state before, columns the event, cells the state after; an empty cell is impossible.",
        "",
        "| | " + " | ".join(f"`{event}`" for event in transitions.EVENTS) + " |",
        "| --- |" + " --- |" * len(transitions.EVENTS),
        *(
            f"| **`{state}`** | " + " | ".join(cells.get((state, event), "") for event in transitions.EVENTS) + " |"
            for state in transitions.STATES
        ),
        "",
        "## What people are told",
        "",
        "One word for the whole payment, derived from its steps by `state_of` in",
        "[`view.py`](../src/yinyi/business/payments/view.py) and never stored apart from them.",
        "",
        *_table(("state of the payment", "meaning"), meanings(model, "PaymentState")),
    ]
    return "\n".join(lines) + "\n"


def _payment_plans() -> str:
    lines = [
        BY,
        "# Which steps a payment is made of",
        "",
        "A payment is a plan of steps, made by its purpose in",
        "[`builder.py`](../src/yinyi/business/payments/builder.py). Forward, the steps happen in order; back, they are",
        "undone in reverse ([what a step may become](payment-states.md)). Takes stand one behind the other from",
        f"position {builder.AT_TAKE} to {plan.LAST_TAKE}, one more for each part that the payer pays by itself;",
        "refunds stand behind everything. A hold slip adds `scheduling.keep`.",
        "",
        "| what is paid | steps, with their positions | how much |",
        "| --- | --- | --- |",
        *(
            f"| {name} | {' → '.join(f'{position} `{kind}`' for position, kind in make())} | {amount} |"
            for name, (make, amount) in builder.PLANS.items()
        ),
        "",
        *_table(("kind", "what it does"), dict(builder.MEANING)),
    ]
    return "\n".join(lines) + "\n"


def _meaning(word: str, commented: dict[str, str]) -> str:
    """Its comment; a word without one is named for an outcome, whose docstring says it."""
    if word in commented:
        return re.sub(r"``([^`]*)``", r"`\1`", commented[word])
    name = word.removeprefix("undo_")
    said = getattr(outcome, name.title().replace("_", "")).__doc__.rstrip(".")
    told = said[0].lower() + said[1:]
    return f"the undo: {told}" if word != name else told


def _table(heads: tuple[str, str], rows: dict[str, str]) -> list[str]:
    return [f"| {heads[0]} | {heads[1]} |", "| --- | --- |", *(f"| `{word}` | {told} |" for word, told in rows.items())]
