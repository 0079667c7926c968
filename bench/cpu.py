"""CPU time by process, from /proc: what PostgreSQL does for the platform apart from what it does for the hospital."""

import os
from pathlib import Path

from bench.figures import family

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
HOSPITAL_DATABASE = "hospital"


def cpu_s(pids: dict[str, int]) -> dict[str, float]:
    """Seconds so far by part; ``postgres`` is split into ``postgres`` (the platform's) and ``postgres hospital``.

    Background processes of PostgreSQL (log writer, checkpoints) count as the platform's.
    """
    spent: dict[str, float] = {}
    for name, pid in pids.items():
        for member in family(pid):
            part = f"{name} hospital" if name == "postgres" and _serves(member, HOSPITAL_DATABASE) else name
            spent[part] = spent.get(part, 0.0) + _cpu_s(member)
    return spent


def _cpu_s(pid: int) -> float:
    try:
        fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def _serves(pid: int, database: str) -> bool:
    """A backend's title names role and database: ``postgres: platform hospital 127.0.0.1(1234) idle``."""
    try:
        title = Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")[0].decode()
    except (FileNotFoundError, ProcessLookupError):
        return False
    words = title.split()
    return len(words) > 2 and words[2] == database
