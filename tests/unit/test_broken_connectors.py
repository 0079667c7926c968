"""Whatever a connector of another package does, it is left out and named; one that is needed is named, and stops the
start."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from yinyi.app import plugin_code
from yinyi.app.business import Business
from yinyi.app.channels import begin_unless_broken, channel_of, channels_of
from yinyi.app.data_folder import DataFolder
from yinyi.app.errors import CannotStart
from yinyi.app.outside import Outside
from yinyi.app.plugins import Known, build_plugin, known_plugins
from yinyi.bus.database import Database
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.plan import REFUND, TAKE
from yinyi.business.payments.registry import Registry
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.plugin import PluginKind, Surroundings
from yinyi.kernel.secrets import Vault

AROUND = Surroundings(clock=ShiftedClock(), callback_url="")
CHANNEL = """
import asyncio, sys
from datetime import timedelta
import msgspec
from yinyi.kernel.plugin import PLUGIN_API, Plugin

class Odd(BaseException): pass
class Config(msgspec.Struct):
    merchants: dict[str, str] = {}
class Channel:
    channel, settles_after, call_timeout_s = "pay", timedelta(seconds=5), 5.0
    async def ask(self, order): ...
    async def close(self, order): ...
    async def show_code(self, order): ...
def built(**names):
    return type("Channel", (Channel,), names)()
def raises(error):
    raise error
async def fails(channel):
    raise RuntimeError("secret")
async def leaves(channel):
    sys.exit(4)
async def hangs(channel):
    await asyncio.Event().wait()
async def deaf(channel):
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if loose: raise
            loose.append(1)
async def gives_up(channel):
    raise asyncio.CancelledError
loose = []
"""
LACKS = "as TakesPayment its Channel lacks "
BROKEN = {
    "none": ("build=lambda *_: None", "as TakesPayment its NoneType lacks ask, call_timeout_s, channel, close"),
    "lacking": ("build=lambda *_: built(call_timeout_s=None)", LACKS + "call_timeout_s."),
    "other": ("build=lambda *_: built(settles_after=5)", LACKS + "settles_after."),
    "silent": (
        "build=lambda *_: built(show_code=None)",
        "as ShowsCode its Channel lacks show_code, nor is it ScansCode",
    ),
    "exits": ("build=lambda *_: sys.exit(4)", "its code fails with SystemExit, at"),
    "odd": ("build=lambda *_: raises(Odd('secret'))", "its code fails with Odd, at"),
    "prying": (
        "build=lambda *_: built(channel=property(lambda _: 1 / 0))",
        "its code fails with ZeroDivisionError, at",
    ),
    "start_fails": ("build=lambda *_: built(start=fails)", "its code fails with RuntimeError, at"),
    "start_leaves": ("build=lambda *_: built(start=leaves)", "its code fails with SystemExit, at"),
    "start_hangs": ("build=lambda *_: built(start=hangs)", "its start has not come back in 0.05 s."),
    "start_deaf": ("build=lambda *_: built(start=deaf)", "its start has not come back in 0.05 s."),
    "start_gives_up": ("build=lambda *_: built(start=gives_up)", "its code fails with CancelledError"),
    "start_plain": ("build=lambda *_: built(start=lambda _: None)", "its code fails with TypeError"),
    "kind": ("build=built, kind='nonsense'", "its kind is nonsense, which is none of hospital, payment"),
    "config": ("build=built, config=dict", "its config is not a msgspec.Struct"),
    "uncalled": ("build=5", "its build cannot be called"),
}
IMPORTS = {"leaving": ("sys.exit(3)", "SystemExit: 3"), "strange": ("raise Odd('at import')", "Odd: at import")}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    monkeypatch.setattr(plugin_code, "START_WITHIN_S", 0.05)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    found = DataFolder(tmp_path / "var")
    found.plugins.mkdir(parents=True)
    return found


def install(folder: DataFolder, name: str, code: str) -> None:
    """With settings."""
    packages = folder.path.parent
    (packages / f"{name}.py").write_text(code, encoding="utf-8")
    said = packages / f"{name}-1.dist-info"
    said.mkdir()
    (said / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-package\nVersion: 1\n")
    (said / "entry_points.txt").write_text(f"[yinyi.plugins]\n{name} = {name}:PLUGIN\n")
    (folder.plugins / f"{name}.json").write_text("{}")
    sys.modules.pop(name, None)


def install_channel(folder: DataFolder, name: str, declared: str) -> None:
    told = f"dict(name={name!r}, kind='payment', api=PLUGIN_API, config=Config) | dict({declared})"
    install(folder, name, CHANNEL + f"PLUGIN = Plugin(**({told}))\n")


def listed(folder: DataFolder, name: str) -> Known:
    [found] = [each for each in known_plugins(folder, AROUND) if each.name == name]
    return found


def said_at_start(folder: DataFolder, name: str) -> str:
    """What the log has of it once a business process has started without it; empty: it is taken."""

    def build(name: str, kind: PluginKind) -> tuple[Any, Any]:
        return build_plugin(name, kind, folder, AROUND)

    async def begun() -> bool:
        channel = channel_of(name, build) if name in channels_of(folder) else None
        async with AsyncExitStack() as stack:
            return channel is not None and await begin_unless_broken(stack, name, channel[0])

    with capture_logs() as told:
        taken = asyncio.run(begun())
    lines = [each for each in told if each["event"] == "plugin.broken"]
    assert [each["name"] for each in lines] == ([] if taken else [name])
    return "".join(each["why"] for each in lines)


@pytest.mark.parametrize("case", BROKEN)
def test_it_is_left_out_and_named_whatever_it_does(folder: DataFolder, case: str) -> None:
    name = f"broken_{case}"
    declared, says = BROKEN[case]
    install_channel(folder, name, declared)
    said = said_at_start(folder, name)
    assert name in said
    assert says in said
    assert "secret" not in said
    assert listed(folder, name).trouble == said


@pytest.mark.parametrize("case", IMPORTS)
def test_it_is_left_out_and_named_whatever_its_import_does(folder: DataFolder, case: str) -> None:
    name = f"broken_{case}"
    code, says = IMPORTS[case]
    install(folder, name, CHANNEL + code)
    said = said_at_start(folder, name)
    assert name in said
    assert says in said
    assert listed(folder, name).trouble == said


def test_one_that_is_whole_is_taken(folder: DataFolder) -> None:
    install_channel(folder, "whole_channel", "build=lambda *_: built()")
    assert said_at_start(folder, "whole_channel") == ""
    assert listed(folder, "whole_channel").trouble == ""


def test_one_of_the_house_stops_the_start_and_is_named() -> None:
    class Channel:
        async def start(self) -> None:
            raise SystemExit(4)

    async def begun() -> None:
        async with AsyncExitStack() as stack:
            await begin_unless_broken(stack, "wechatpay", Channel())

    with pytest.raises(CannotStart, match="The connector wechatpay cannot be used: its code fails with SystemExit"):
        asyncio.run(begun())


def test_what_is_started_is_stopped() -> None:
    seen: list[str] = []

    def says(word: str) -> Callable[[], Awaitable[None]]:
        async def say() -> None:
            seen.append(word)

        return say

    connector: Any = type("Channel", (), {"start": staticmethod(says("start")), "stop": staticmethod(says("stop"))})()

    async def begun() -> None:
        async with AsyncExitStack() as stack:
            await plugin_code.begin(stack, "pay", connector)
            assert seen == ["start"]

    asyncio.run(begun())
    assert seen == ["start", "stop"]


def test_what_is_left_out_is_as_if_it_had_no_settings(folder: DataFolder) -> None:
    install_channel(folder, "gone_channel", "build=lambda *_: built()")
    channel, _ = build_plugin("gone_channel", "payment", folder, AROUND)
    merchants = MerchantTable({("outpatient", "gone_channel"): "1"})
    registry = Registry(effects=[], purposes=[], channels={"gone_channel": channel}, merchants=merchants)
    under_way = [(TAKE, "gone_channel"), (REFUND, "gone_channel")]
    assert (registry.tenders("outpatient"), registry.unreadable(under_way)) == (["gone_channel"], [])
    registry.leave_out("gone_channel")
    assert (registry.tenders("outpatient"), registry.merchants("outpatient")) == ([], {})
    assert len(registry.unreadable(under_way)) == 2
    assert not {kind for kind in registry.rules if "gone_channel" in kind}


def business(channel: object, hospital: object) -> Business:
    """With a hospital that surely does not fit, so that its start ends before it touches the database."""

    async def publish(subject: str, body: bytes, message_id: str) -> None: ...

    def say(subject: str, body: bytes) -> None: ...

    table = MerchantTable({("outpatient", "pay"): "1"})
    outside = Outside(
        *(hospital, {"pay": cast(Any, channel)}, table, cast(Any, None)),
        certificates=cast(Any, channel),
        names={"hospital": "his"},
    )
    vault = Vault({1: bytes(32)}, bytes(32))
    return Business(Database(cast(Any, None)), outside, vault, ShiftedClock(), publish, say)


async def fails() -> None:
    raise SystemExit(4)


async def misfits() -> list[str]:
    return ["no bills"]


@pytest.mark.parametrize("starts", [True, False])
def test_a_business_process_starts_without_it(folder: DataFolder, *, starts: bool) -> None:
    install_channel(folder, "pay_channel", "build=lambda *_: built()")
    channel, _ = build_plugin("pay_channel", "payment", folder, AROUND)
    if not starts:
        channel.start = fails
    built = business(channel, SimpleNamespace(call_timeout_s=5.0, misfits=misfits))
    with capture_logs() as told, pytest.raises(CannotStart, match="no bills"):
        asyncio.run(built.start())
    assert built.payments.registry.tenders("outpatient") == (["pay"] if starts else [])
    broken = [each["name"] for each in told if each["event"] == "plugin.broken"]
    assert broken == ([] if starts else ["pay", "insurance"])


def test_the_hospital_s_own_stops_the_start_and_is_named() -> None:
    built = business(
        SimpleNamespace(call_timeout_s=5.0, settles_after=timedelta()), SimpleNamespace(start=fails, call_timeout_s=5.0)
    )
    with pytest.raises(CannotStart, match="The connector his cannot be used: its code fails with SystemExit"):
        asyncio.run(built.start())
