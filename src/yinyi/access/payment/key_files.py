"""Files with keys: read with care, and named in every complaint, never quoted."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def content(path: str) -> bytes:
    """
    Raises:
        ValueError: it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error


def secret(path: str) -> bytes:
    """
    Raises:
        ValueError: it cannot be read, or others may read it, too.
    """
    found = content(path)
    if stat.S_IMODE(Path(path).stat().st_mode) & 0o077:
        raise ValueError(f"{path} holds a secret and may be read by others; make it 0600")
    return found


def loaded(path: str, load: Callable[[bytes], T], found: bytes) -> T:
    """
    Raises:
        ValueError: it is something else; the text names the file.
    """
    try:
        return load(found)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
