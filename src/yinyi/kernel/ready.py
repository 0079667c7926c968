"""How a process tells who started it that it is ready, or why it never will be: one line on an inherited pipe."""

import os

READY_FD = "YINYI_READY_FD"
"""The environment variable that names the pipe's end; without it nobody listens and nothing is said."""

READY_LINE = "READY"
FAILED_PREFIX = "FAILED "


_ready = False


def tell_ready() -> None:
    """Everything that this process serves answers from now on. Said once; saying it again does nothing."""
    global _ready
    _ready = True
    _tell(READY_LINE)


def is_ready() -> bool:
    """Whether ``tell_ready`` was said."""
    return _ready


def tell_failed(sentence: str) -> None:
    """It cannot start, and starting it again would not help: the sentence is shown to the person."""
    _tell(FAILED_PREFIX + " ".join(sentence.split()))


def _tell(line: str) -> None:
    descriptor = os.environ.pop(READY_FD, "")
    if not descriptor.isdigit():
        return
    try:
        with os.fdopen(int(descriptor), "w", encoding="utf-8") as pipe:
            pipe.write(line + "\n")
    except OSError:  # who started us is gone; so are we in a moment
        return
