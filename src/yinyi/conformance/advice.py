"""What whoever wrote a connector may do about a behaviour that it does not keep: by what was seen instead."""

import re
from collections.abc import Sequence

_MEANS: tuple[tuple[str, str], ...] = (
    (
        r"expected .*\b(Unknown|NoAnswer)\b.*, saw ",
        "What may have happened is Unknown. Refused and NotSent mean that it surely did not, Done that it surely did.",
    ),
    (
        r"expected (NotSent|NeverSent), saw ",
        "No connection was made, so nothing has left: that is NotSent, and may be sent again.",
    ),
    (
        r"expected \w*Unavailable, saw ",
        "A reading without an answer raises. An empty list or None says that the other side has nothing.",
    ),
    (r"expected CallbackRefused, saw ", "Nothing of a callback is read before its signature and its time are good."),
    (
        r"expected .*\bRefused\b.*, saw ",
        "What surely did not happen is Refused, for a reason of the closed list (kernel/outcome.py): see the mapping.",
    ),
    (
        r"expected .*\b(Done|Waiting|Approved)\b.*, saw ",
        "The far side has done it and has answered: see what the mapping makes of that answer.",
    ),
    (
        r"expected -?\d+, saw -?\d+",
        "The sandbox's own count of what has moved or stands: something was done twice, in part or not at all.",
    ),
    (r"it does not end within ", "Every call ends by itself, within the connector's call_timeout_s."),
    (
        r"[A-Z]\w+: ",
        "A connector answers an outcome, or raises what its port names: nothing else may come out of it.",
    ),
)


def advice(seen: str, ports: Sequence[type]) -> str:
    """A sentence, and where the port says what it wants."""
    meaning = next((words for pattern, words in _MEANS if re.match(pattern, seen)), "")
    files = dict.fromkeys(f"{port.__module__.replace('.', '/')}.py" for port in ports)
    return " ".join(filter(None, (meaning, f"The port: {', '.join(files)}." if files else "")))
