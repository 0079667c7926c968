"""How often a patient presses and how long a journey takes, from the browser tests; from a press to the next screen."""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from bench.figures import Figures, Target, options, report

TESTS = Path(__file__).parents[1] / "tests" / "journeys"
MOST_TAPS = {"registration": 8, "registration_elder": 12, "bills": 5, "check_in": 2, "report_by_tube": 2}
PAINTED_MS = Target("<=", 300)


def measure() -> Figures:
    """Every journey that counts its presses, one after another on one platform.

    Raises:
        CalledProcessError: one of them failed.
    """
    walks = _walks()
    painted = [took for walk in walks for took in walk["painted_ms"]]
    figures: dict[str, float | int | str] = {}
    for walk in walks:
        figures[f"{walk['name']}_taps"] = walk["taps"]
        figures[f"{walk['name']}_s"] = round(walk["seconds"], 1)
    cuts = statistics.quantiles(painted, n=100)
    return {**figures, "presses": len(painted), "painted_p50_ms": round(cuts[49]), "painted_p95_ms": round(cuts[94])}


def _walks() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.xml"
        command = [sys.executable, "-m", "pytest", str(TESTS), "-m", "walk and not slow", f"--junitxml={told}"]
        subprocess.run(command, check=True, stdout=sys.stderr, cwd=TESTS.parents[1])
        found = ElementTree.parse(told).iterfind(".//property[@name='walk']")  # our own file, of a moment ago
        return [json.loads(each.attrib["value"]) for each in found]


if __name__ == "__main__":
    given = options(__doc__)
    targets = {f"{name}_taps": Target("<=", taps) for name, taps in MOST_TAPS.items()}
    sys.exit(report("journeys", measure(), {**targets, "painted_p95_ms": PAINTED_MS}, given.as_json))
