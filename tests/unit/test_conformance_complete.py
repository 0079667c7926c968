"""The kits ask for every method of every port that a connector can implement."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import yinyi
from yinyi.business.news.ports import Carries
from yinyi.business.payments.ports import BooksRefunds, Effect, Promises, Purpose
from yinyi.business.subscriptions.ports import Notifies
from yinyi.conformance.kits import KITS

ROOT = Path(yinyi.__file__).parent
MADE_BY_OURSELVES = (Effect, Purpose, BooksRefunds, Promises)
"""Of the engine and the domains; no connector has them."""
WITHOUT_A_KIT = (Carries, Notifies)
"""Of notifications: kits are for hospitals, payments, insurances, faces and devices."""


def ports() -> Iterator[type]:
    """Every protocol that is looked for in an object."""
    files = [*ROOT.glob("business/*/*ports.py"), ROOT / "devices" / "device.py"]
    for path in sorted(files):
        module = import_module(".".join(("yinyi", *path.relative_to(ROOT).with_suffix("").parts)))
        for each in vars(module).values():
            ours = inspect.isclass(each) and each.__module__ == module.__name__
            if ours and vars(each).get("_is_runtime_protocol") and each not in (*MADE_BY_OURSELVES, *WITHOUT_A_KIT):
                yield each


def promised(port: type) -> set[str]:
    """Its methods, and what else it says of itself."""
    names: list[str] = [*vars(port), *inspect.get_annotations(port)]
    return {each for each in names if not each.startswith("_")}


ALL = list(ports())


def test_they_are_found() -> None:
    assert {"Schedules", "Reverses", "InsuranceScheme", "FaceMatcher", "HasLight", "KeyStore", "Acquirer"} <= {
        each.__name__ for each in ALL
    }


@pytest.mark.parametrize("port", ALL, ids=lambda port: port.__name__)
def test_every_method_is_asked_for(port: type) -> None:
    kinds = [name for name, kit in KITS.items() if any(port in each.ports for each in kit.behaviours())]
    assert len(kinds) == 1, f"{port.__name__} is asked for by {kinds}"
    folder = ROOT / "conformance" / {"device": "devices"}.get(kinds[0], kinds[0])
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    missing = {each for each in promised(port) if not re.search(rf"\.{each}\b", text)}
    assert not missing


def test_cancelling_on_its_day_is_asked_of_lines_as_of_channels() -> None:
    """As the tutorial says; no channel of ours has it, and the bank line keeps it."""
    told = (ROOT.parents[1] / "docs/integrate/new-payment.md").read_text(encoding="utf-8")
    table = told.partition("| of `Reverses` | of a line |\n| --- | --- |\n")[2].partition("\n\n")[0]
    pairs = [[each.strip() for each in row.strip("|").split("|")] for row in table.splitlines()]
    assert len(pairs) == 5
    for kind, column in (("payment", 0), ("line", 1)):
        names = {each.name.partition(" (")[0] for each in KITS[kind].behaviours()}
        assert not {pair[column] for pair in pairs} - names
