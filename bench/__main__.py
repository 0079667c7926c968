"""Runs every figure, one after another, and writes ``docs/performance.md``: ``python -m bench [--quick]``."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_PAGE = _HERE.parent / "docs" / "performance.md"


def main() -> int:
    """0 when every figure meets its targets."""
    quick = [word for word in sys.argv[1:] if word == "--quick"]
    modules = figure_modules()
    reports: list[dict[str, Any]] = []
    failed: list[str] = []
    for number, module in enumerate(modules, 1):
        print(f"[{number}/{len(modules)}] {module} …", flush=True)
        done = subprocess.run([sys.executable, "-m", f"bench.{module}", "--json", *quick], stdout=subprocess.PIPE)
        lines = done.stdout.decode().strip().splitlines()
        if done.returncode:
            failed.append(module)
        if done.returncode in (0, 1) and lines:
            reports.append(json.loads(lines[-1]))
    _PAGE.parent.mkdir(exist_ok=True)
    _PAGE.write_text(page(reports), encoding="utf-8")
    print(f"{_PAGE.relative_to(_HERE.parent)} is written." + (f" Not met: {', '.join(failed)}." if failed else ""))
    return 1 if failed else 0


def figure_modules() -> list[str]:
    """The modules that take the options of a figure, by name; the others are what they measure with."""
    return sorted(path.stem for path in _HERE.glob("[a-z]*.py") if "options(__doc__)" in path.read_text("utf-8"))


def page(reports: list[dict[str, Any]]) -> str:
    """Markdown: the machine once, then a table for each report."""
    lines = ["# Performance", "", "Measured by `make bench`; each row names its figure in `bench/`.", ""]
    if reports:
        lines += [f"- {name}: {value}" for name, value in reports[0]["machine"].items()]
    for report in reports:
        lines += ["", f"## {report['name']}", "", "| figure | measured | target |", "| --- | ---: | --- |"]
        lines += [_row(figure, value, report["targets"].get(figure)) for figure, value in report["figures"].items()]
    return "\n".join(lines) + "\n"


def _row(figure: str, value: float | str, target: dict[str, Any] | None) -> str:
    shown = f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
    verdict = f"{target['op']} {target['value']:g}, {'met' if target['met'] else '**not met**'}" if target else ""
    return f"| `{figure}` | {shown} | {verdict} |"


if __name__ == "__main__":
    sys.exit(main())
