"""Every connector to payment channels and to insurance keeps every behaviour of its ports (``yinyi.conformance``)."""

import asyncio
import functools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from yinyi.access.insurance.certificates.plugin import PLUGIN as CERTIFICATES
from yinyi.access.payment.alipay.plugin import PLUGIN as ALIPAY
from yinyi.access.payment.wechatpay.plugin import PLUGIN as WECHATPAY
from yinyi.conformance.kits import KITS
from yinyi.conformance.place import ground
from yinyi.conformance.run import Finding, played
from yinyi.kernel.far_side import FarDatabase, Place
from yinyi.kernel.plugin import Plugin
from yinyi_sandbox.alipay import far_side as alipay
from yinyi_sandbox.insurance import far_side as insurance
from yinyi_sandbox.wechatpay import far_side as wechatpay

FarSide = Callable[[Place], AbstractAsyncContextManager[Any]]
OFFERED: dict[str, tuple[Plugin, FarSide]] = {
    "wechatpay": (WECHATPAY, wechatpay.far_side),
    "wechatpay by certificates": (WECHATPAY, functools.partial(wechatpay.far_side, trust="certificates")),
    "alipay": (ALIPAY, alipay.far_side),
    "certificates": (CERTIFICATES, insurance.far_side),
}


NOT_OFFERED = ("no Reverses", "no InsuranceScheme")
"""WeChat Pay and Alipay cancel what is in doubt; what was surely paid they want refunded. A decoder settles nothing."""


async def no_database() -> FarDatabase:
    raise AssertionError("none of these needs one")


@pytest.mark.parametrize("channel", OFFERED)
def test_it_keeps_every_behaviour(tmp_path: Path, channel: str) -> None:
    plugin, sandbox = OFFERED[channel]
    kit = KITS[plugin.kind]

    async def go() -> list[Finding]:
        async with (
            ground(tmp_path, no_database) as place,
            sandbox(place) as far,
            kit.on_stage(plugin, far, place) as (connector, stage),
        ):
            return [each async for each in played(kit.behaviours(), connector, stage)]

    found = asyncio.run(go())
    assert found
    wrong = [each for each in found if each.verdict != "ok" and each.seen not in NOT_OFFERED]
    assert wrong == [], "\n".join(map(str, wrong))
