"""A connector as it is laid down: it passes its kit, is short, and is found in a package of its own; a broken one is
named, and keeps nothing from starting that does not need it."""

import asyncio
import dataclasses
import json
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hospital_stage import before
from laid_connectors import ADDITION, BLOCK, TUTORIALS, brought, changed, file_of, findings

from yinyi.app import check_plugin
from yinyi.app.channels import as_decoder
from yinyi.app.check_plugin import as_if_installed, shortcomings
from yinyi.app.commands import new_connector
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.errors import CannotStart
from yinyi.app.new_connector.lay_down import KINDS, lay_down
from yinyi.app.new_connector.size import lines_of_code, lines_of_connector
from yinyi.app.plugin_source import BEHAVIOUR
from yinyi.conformance.kits import KITS
from yinyi.conformance.run import Finding, played
from yinyi.devices.device import Device
from yinyi.devices.drivers import UnknownDriver, build_devices
from yinyi.devices.settings import AgentSettings, DeviceEntry
from yinyi.kernel.plugin import Surroundings
from yinyi.wire.terminal_line import DeviceKind

MOST_LINES = 150
IMPORTABLE = ("sys", "json", "test", "yinyi", "yinyi_sandbox", "httpx", "src", "tests")
YINYI = Path(sys.executable).parent / "yinyi"
ROOT = Path(__file__).parents[2]


def yinyi(*words: str, packages: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment, "PYTHONPATH": str(packages or "")}
    return subprocess.run([str(YINYI), *words], env=env, text=True, capture_output=True, timeout=600, check=False)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_short(kind: str) -> None:
    """All of it: connector, settings, sandbox, test, project file."""
    assert 0 < lines_of_connector(kind) <= MOST_LINES


def test_lines_are_counted() -> None:
    assert lines_of_code('"""a\n\nb"""\n\n# c\nx = 1  # d\n\n\ndef f() -> None:\n    """e"""\n    return\n') == 3


def test_a_hospital_passes_as_it_is_laid_down(
    tmp_path: Path, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of the kit; the rest is the same code as of the connectors that carry trades already."""
    monkeypatch.setattr(sys, "path", [str(lay_down("hospital", "laid_down", tmp_path) / "src"), *sys.path])
    plugin, sandbox = import_module("laid_down.plugin").PLUGIN, import_module("laid_down.sandbox").far_side
    scripts = KITS["hospital"].scripts
    behaviours = [each for name in ("reports", "patients", "again") for each in scripts[name].behaviours]

    async def go() -> list[Finding]:
        async with before(plugin, sandbox, postgres) as (connector, stage):
            return [each async for each in played(behaviours, connector, stage)]

    assert [each for each in asyncio.run(go()) if each.verdict != "ok"] == []


@pytest.mark.parametrize("kind", ["insurance", "face", "device"])
def test_it_passes_as_it_is_laid_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert as_if_installed(lay_down(kind, f"laid_{kind}", tmp_path), tmp_path / "scratch") == f"laid_{kind}"
    assert shortcomings(f"laid_{kind}") == []


def test_an_agent_takes_a_driver_of_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    as_if_installed(lay_down("device", "brought_scan", tmp_path), tmp_path / "scratch")

    def built(kind: DeviceKind, driver: str, **options: object) -> list[Device]:
        row = DeviceEntry(name="gun", kind=kind, driver=driver, options=options)
        return build_devices(AgentSettings(line_url="ws://h/terminal/line", data_dir=tmp_path, devices=(row,)))

    [device] = built("scanner", "brought_scan", port=1)
    assert (device.name, device.kind, device.condition().state) == ("gun", "scanner", "offline")
    wrong: list[tuple[DeviceKind, str, dict[str, object]]] = [
        ("camera", "brought_scan", {"port": 1}),
        ("scanner", "brought_scan", {}),
        ("scanner", "software", {}),
        ("scanner", "nobody", {}),
    ]
    for kind, driver, options in wrong:
        with pytest.raises(UnknownDriver, match="gun"):
            built(kind, driver, **options)


def test_a_matcher_that_says_nothing_of_its_patience_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    plugin, sandbox = brought("face", tmp_path)

    def hurried(config: Any, around: Surroundings) -> Any:
        matcher = plugin.build(config, around)
        matcher.call_timeout_s = 0.0
        return matcher

    wrong = dataclasses.replace(plugin, build=hurried)
    [seen] = findings(tmp_path, wrong, sandbox, lambda name: name == "it says how patient to be").values()
    assert seen.verdict == "not"


def leaves(*_: object) -> None:
    sys.exit(4)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"show_code": None}, "as ShowsCode its Odd lacks show_code, nor is it ScansCode."),
        ({"__init__": leaves}, "its code fails with SystemExit"),
        ({"start": leaves}, "its code fails with SystemExit"),
    ],
)
def test_check_plugin_says_of_a_broken_one_what_the_log_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: dict[str, Any], says: str
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    plugin, sandbox = brought("payment", tmp_path)
    channel: Any = plugin.build
    broken = dataclasses.replace(plugin, build=type("Odd", (channel,), names))
    monkeypatch.setattr(check_plugin, "find_plugin", {plugin.name: broken}.__getitem__)
    monkeypatch.setattr(check_plugin, "find_sandbox", {plugin.name: sandbox}.__getitem__)
    with pytest.raises(CannotStart, match=f"The connector {plugin.name} cannot be used: {says}"):
        shortcomings(plugin.name)


@pytest.mark.parametrize("adds", ["", "import httpx", "from aiohttp import request as asks", "from $ import sandbox"])
def test_one_that_dials_by_itself_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, adds: str) -> None:
    """Whether or not that code is ever run."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    name = f"dials_{len(adds)}"
    folder = lay_down("payment", name, tmp_path)
    (folder / "src" / name / "more.py").write_text(adds.replace("$", name), encoding="utf-8")
    as_if_installed(folder, tmp_path / "scratch")

    async def go() -> list[Finding]:
        return [each async for each in check_plugin.checked(name, BEHAVIOUR)]

    [found] = asyncio.run(go())
    assert found.verdict == ("not" if adds else "ok")
    assert found.seen.startswith("more.py:1: " * bool(adds))


def test_a_scheme_is_not_taken_for_a_decoder() -> None:
    with pytest.raises(CannotStart, match="acmecare decodes no insurance certificates"):
        as_decoder("acmecare", object())


def test_our_key_store_passes() -> None:
    assert shortcomings("software") == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hospital_passes_the_whole_kit_as_it_is_laid_down(tmp_path: Path) -> None:
    folder = lay_down("hospital", "acme", tmp_path)
    done = yinyi("check-plugin", "--from", str(folder), "--json", YINYI_DATA_DIR=str(tmp_path / "var"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert {each["verdict"] for each in json.loads(done.stdout)} == {"ok"}


BY_THE_INSTALLER = ".venv/bin/uv pip install "
"""It needs a registry, and ``installed`` below leaves what it leaves."""


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param("hospital", "acme", marks=pytest.mark.slow),
        ("payment", "acmepay"),
        pytest.param("insurance", "acmecode", marks=pytest.mark.slow),
        pytest.param("scheme", "acmecare", marks=pytest.mark.slow),
        pytest.param("face", "acmeface", marks=pytest.mark.slow),
        pytest.param("device", "acmescan", marks=pytest.mark.slow),
    ],
)
def test_the_tutorial_goes_as_it_says(tmp_path: Path, kind: str, name: str) -> None:
    """Every command in its order. After a change that makes the connector worse the kit says no; then it is undone."""
    text = (TUTORIALS / f"new-{kind}.md").read_text(encoding="utf-8").partition(ADDITION)[0]
    undo: list[tuple[Path, str]] = []
    ran = 0
    for block in BLOCK.finditer(text):
        if block[1] == "diff":
            path = tmp_path / name / "src" / name / file_of(text, block.start())
            undo.append((path, changed(path, block[2])))
            continue
        for command in block[2].splitlines():
            done = run_of(tmp_path, command)
            assert done is None or done.returncode == bool(undo), f"{command}\n{done.stdout}{done.stderr}"
            assert done is None or "NameError" not in done.stdout, "what is to be changed does not say all"
            ran += done is not None
        while undo:
            path, before = undo.pop()
            path.write_text(before, encoding="utf-8")
    assert ran >= 4


def run_of(folder: Path, command: str) -> subprocess.CompletedProcess[str] | None:
    if command.startswith(BY_THE_INSTALLER):
        return None
    words = shlex.split(command)
    if words[0] == "make":
        asked = dict(word.split("=") for word in words[2:])
        assert words[1] == "new-connector"
        assert "new-connector:" in (ROOT / "Makefile").read_text(encoding="utf-8")
        words = [".venv/bin/yinyi", "new-connector", asked["KIND"], asked["NAME"]]
    assert words[0] == ".venv/bin/yinyi", command
    env = {**os.environ, "YINYI_DATA_DIR": str(folder / "var")}
    return subprocess.run(
        [str(YINYI), *words[1:]], cwd=folder, env=env, text=True, capture_output=True, timeout=600, check=False
    )


def test_a_connector_that_does_not_keep_a_behaviour_is_told_so(tmp_path: Path) -> None:
    folder = lay_down("payment", "acme", tmp_path)
    mapping = folder / "src" / "acme" / "mapping.py"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace('"paid": "already_paid"', '"paid": "expired"'))
    done = yinyi("check-plugin", "--from", str(folder), "--only", "closed", YINYI_DATA_DIR=str(tmp_path / "var"))
    assert done.returncode == 1
    assert "not          TakesPayment+ShowsCode: what was paid is not closed" in done.stdout
    told = done.stdout.splitlines()
    at = next(nth for nth, line in enumerate(told) if line.startswith("not  "))
    assert told[at + 1].strip() == "expected Refused('already_paid'), saw Done(evidence={})"
    assert re.fullmatch(r" +at yinyi/conformance/payment/codes\.py:\d+: refused\(await .*close.*", told[at + 2])
    assert told[at + 3].endswith("The port: yinyi/business/payments/ports.py.")
    assert told[-1] == f'Play one again: {YINYI} check-plugin --from {folder} --only "what was paid is not closed"'


def test_it_is_clean(tmp_path: Path) -> None:
    for kind in KINDS:
        for name in ("acme", "zhu"):
            lay_down(kind, f"{name}_{kind}", tmp_path)
    rules = ["--isolated", "--line-length", "120", "--select", "E,F,I,W,B,UP,SIM,RUF,S,N,PT", "--ignore", "S101"]
    subprocess.run([sys.executable, "-m", "ruff", "check", *rules, str(tmp_path)], check=True)
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--line-length", "120", "--check", str(tmp_path)], check=True
    )


@pytest.mark.parametrize("name", ["Acme", "a", "class", "wechatpay", "../x", "a-b", "", *IMPORTABLE])
def test_a_name_that_cannot_be_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotStart):
        lay_down("payment", name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_laid_over_what_is_there(tmp_path: Path) -> None:
    new_connector.command("payment", "acme", tmp_path)
    with pytest.raises(CannotStart, match="there already"):
        lay_down("payment", "acme", tmp_path)
    with pytest.raises(CannotStart, match="templates for hospital, payment, insurance, scheme, face, device"):
        lay_down("bank", "other", tmp_path)
    with pytest.raises(CannotStart, match="no connector"):
        as_if_installed(tmp_path, tmp_path / "scratch")


def installed(packages: Path, name: str, code: str, point: str = "") -> None:
    """A package that brings a connector, as an installer leaves it."""
    (packages / f"{name}.py").write_text(code, encoding="utf-8")
    said = packages / f"{name}-1.dist-info"
    said.mkdir(parents=True)
    (said / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-package\nVersion: 1\n")
    (said / "entry_points.txt").write_text(f"[yinyi.plugins]\n{name} = {point or f'{name}:PLUGIN'}\n")


GOOD = """
import msgspec
from yinyi.kernel.plugin import PLUGIN_API, Plugin
class Config(msgspec.Struct): pass
def build(config, surroundings):
    async def notify(endpoint, headers, content): ...
    return type("Webhooks", (), {"notify": staticmethod(notify)})()
"""
WHOLE = "PLUGIN = Plugin(name='{}', kind='notification', api={}, config=Config, build={})\n"


def test_connectors_of_other_packages_are_loaded_and_broken_ones_named(tmp_path: Path) -> None:
    packages, data = tmp_path / "packages", tmp_path / "var"
    packages.mkdir()
    (data / "plugins").mkdir(parents=True)
    installed(packages, "fine", GOOD + WHOLE.format("fine", "PLUGIN_API", "build"))
    installed(packages, "old", GOOD + WHOLE.format("old", 0, "build"))
    installed(packages, "failing", GOOD + WHOLE.format("failing", "PLUGIN_API", "lambda *_: 1 / 0"))
    installed(packages, "absent", "import nothing_like_it\n")
    installed(packages, "leaving", "raise SystemExit('bye')\n")
    installed(packages, "other", "PLUGIN = 5\n")
    installed(packages, "alias", GOOD + WHOLE.format("somebody", "PLUGIN_API", "build"))
    (packages / "twice.py").write_text(GOOD + WHOLE.format("soap", "PLUGIN_API", "build"))
    installed(packages, "soap", "", "twice:PLUGIN")
    for name in ("fine", "failing", "forgotten", "hl7"):
        (data / "plugins" / f"{name}.json").write_text("{}")
    done = yinyi("plugins", "--json", packages=packages, YINYI_DATA_DIR=str(data))
    assert done.returncode == 1, done.stderr
    found = {each["name"]: each for each in json.loads(done.stdout)}
    assert (found["fine"]["package"], found["fine"]["kind"], found["fine"]["settings"]) == (
        "fine-package",
        "notification",
        True,
    )
    for name, says in {
        "old": "made for API 0",
        "failing": "its code fails with ZeroDivisionError, at packages/failing.py:8",
        "absent": "No module named 'nothing_like_it', at packages/absent.py:1)",
        "leaving": "SystemExit",
        "other": "is not a Plugin",
        "alias": "calls itself somebody",
        "forgotten": "no connector forgotten is installed",
        "soap": "soap-package and yinyi bring one each",
    }.items():
        assert says in found[name]["trouble"], name
    assert "hl7" not in found
    assert not any(found[name]["trouble"] for name in ("fine", "wechatpay", "alipay", "procedures", "fhir", "unionpay"))


def test_one_that_is_needed_and_broken_is_one_clear_sentence(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    installed(packages, "absent", "import nothing_like_it\n")
    done = yinyi("check-plugin", "absent", packages=packages, YINYI_DATA_DIR=str(tmp_path / "var"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "The connector absent of absent-package cannot be loaded (ModuleNotFoundError: No module"
    )
    assert done.stderr.count("\n") == 1
