"""A suite tells what failed at first, and bears two such tests by chance, not three."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

INSIDE = """
import pytest

seen = dict[int, int]()


@pytest.mark.parametrize("number", range({count}))
def test_at_its_second_go(number):
    print("what it printed")
    seen[number] = seen.get(number, 0) + 1
    assert seen[number] > 1, "not yet"
"""


def suite(folder: Path, count: int) -> "subprocess.CompletedProcess[str]":
    """A suite of so many tests that pass at their second go only, with this one's conftest."""
    (folder / "test_inside.py").write_text(INSIDE.format(count=count), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    plugins = ["-p", "conftest", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    command = [sys.executable, "-m", "pytest", *plugins, "--reruns", "1", str(folder)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent), "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.parametrize(("count", "passes"), [(2, True), (3, False)])
def test_two_second_goes_are_chance_and_three_are_not(tmp_path: Path, count: int, passes: bool) -> None:
    ran = suite(tmp_path, count)
    assert (ran.returncode == 0) == passes, ran.stdout + ran.stderr
    assert f"{count} passed, {count} rerun" in ran.stdout
    assert ran.stdout.count("needed a second go: test_inside.py") == count
    assert "not yet" in ran.stdout
    assert "what it printed" in ran.stdout
    assert ("that is no chance" in ran.stdout) != passes
