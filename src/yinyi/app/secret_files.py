"""Passwords made at first start, one file each, readable by their owner only."""

import os
import secrets
from pathlib import Path

from yinyi.app.errors import CannotStart


def private_folder(path: Path) -> Path:
    """``path``, made with mode 0700; one that others may enter is closed to them.

    Raises:
        CannotStart: the folder can neither be made nor closed.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise CannotStart(f"The folder {path} cannot be used: {error.strerror}.") from error
    return path


def secret(folder: Path, name: str) -> str:
    """The password kept in ``folder/name`` (URL-safe characters); made, 192 bits of it, when it is not there yet."""
    path = private_folder(folder) / name
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(24))
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise CannotStart(f"The password file {path} cannot be read: {error.strerror}.") from error


def _write_once(path: Path, text: str) -> None:
    """Whole or not at all; when two make it at once the first one's stays."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError as error:
        raise CannotStart(f"The password file {path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
