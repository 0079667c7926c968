"""Runs figures one after another and writes what they are into ``docs/performance.md``: ``python -m bench [NAME …]``.

Without a name all are taken. Each section says when and on what it was taken; those that are not taken anew stay.
"""

import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_PAGE = _HERE.parent / "docs" / "performance.md"
_HEAD = """# Performance

Written by `make bench`; each row names its figure in `bench/`. `python_us` is how long a thousand squares took just
then: milliseconds of one machine mean little on another, ratios of one run more.
"""


def main() -> int:
    """0 when every figure that was taken meets its targets."""
    modules = sys.argv[1:] or figure_modules()
    if strange := set(modules) - set(figure_modules()):
        print(f"There is no figure {', '.join(sorted(strange))}; there are {', '.join(figure_modules())}.")
        return 2
    sections = kept(_PAGE.read_text(encoding="utf-8")) if _PAGE.exists() else {}
    failed: list[str] = []
    for number, module in enumerate(modules, 1):
        print(f"[{number}/{len(modules)}] {module} …", flush=True)
        done = subprocess.run([sys.executable, "-m", f"bench.{module}", "--json"], stdout=subprocess.PIPE)
        lines = done.stdout.decode().strip().splitlines()
        if done.returncode:
            failed.append(module)
        if done.returncode in (0, 1) and lines:
            sections[module] = section(json.loads(lines[-1]), datetime.now(UTC).date())
            _PAGE.write_text(page(sections), encoding="utf-8")
    print(f"{_PAGE.relative_to(_HERE.parent)} is written." + (f" Not met: {', '.join(failed)}." if failed else ""))
    return 1 if failed else 0


def figure_modules() -> list[str]:
    """The modules that take the options of a figure, by name; the others are what they measure with."""
    return sorted(path.stem for path in _HERE.glob("[a-z]*.py") if "options(__doc__)" in path.read_text("utf-8"))


def kept(text: str) -> dict[str, str]:
    """What the page says so far, by figure."""
    return {found[1]: found[0].strip() for found in re.finditer(r"^## (\w+)\n.*?(?=^## |\Z)", text, re.DOTALL | re.M)}


def page(sections: dict[str, str]) -> str:
    """Markdown: a section for each figure, by name."""
    return "\n\n".join([_HEAD.strip(), *(text for _, text in sorted(sections.items()))]) + "\n"


def section(report: dict[str, Any], on: date) -> str:
    """When and on what, then a table."""
    machine = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
    rows = [_row(figure, value, report["targets"].get(figure)) for figure, value in report["figures"].items()]
    head = [
        f"## {report['name']}",
        "",
        f"{on}: {machine}.",
        "",
        "| figure | measured | target |",
        "| --- | ---: | --- |",
    ]
    return "\n".join(head + rows)


def _row(figure: str, value: float | str, target: dict[str, Any] | None) -> str:
    shown = f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
    verdict = f"{target['op']} {target['value']:g}, {'met' if target['met'] else '**not met**'}" if target else ""
    return f"| `{figure}` | {shown} | {verdict} |"


if __name__ == "__main__":
    sys.exit(main())
