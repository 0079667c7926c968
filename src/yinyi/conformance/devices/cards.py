"""``TakesCards``: what a card terminal reads for whom, and what it says on the way there. A PIN leaves it encrypted."""

import secrets
from typing import Any

from yinyi.conformance.behaviour import NotTried, Script, equal
from yinyi.conformance.devices.stage import Stage
from yinyi.devices.device import AtCardTerminal, CardToPay, Device, TakesCards
from yinyi.wire.iso8583 import des
from yinyi.wire.iso8583.pin import read_pin_block
from yinyi.wire.terminal_line import CardRoute, CardStep, TakeCard

SCRIPT = Script((Device, TakesCards))
_PAN, _OTHER_PAN = "6299910000000010019", "9990000000002007"
_PIN = "246813"
_PIK = bytes.fromhex("1F2E3D4C5B6A79880796A5B4C3D2E1F0")


class _Request:
    """What was asked of the terminal, and what it says of it."""

    def __init__(self, stage: Stage, *routes: CardRoute, within_s: float = 60.0) -> None:
        self.stage = stage
        self.hands: Any = stage.hands
        self.asked = TakeCard(
            request_id=secrets.token_hex(8),
            seal_key=bytes(32),
            amount_fen=1_500,
            merchant_name="门诊 Outpatients",
            language="zh-CN",
            within_s=within_s,
            routes=list(routes),
        )

    def begin(self) -> None:
        device: Any = self.stage.device
        device.take_card(self.asked)
        self.stage.wanted = self.asked.request_id

    async def says(self, step: CardStep) -> AtCardTerminal:
        """Of this request; what is typed meanwhile is passed over, and what belongs to no request."""
        while True:
            seen = await self.stage.told(AtCardTerminal)
            if seen.request_id == self.asked.request_id and (step == "typing" or seen.step != "typing"):
                equal(seen.step, step)
                return seen

    async def typed(self, digits: str) -> None:
        for nth, digit in enumerate(digits, 1):
            await self.hands.press(digit)
            while (await self.says("typing")).digits < nth:
                pass

    async def read(self, pan: str) -> CardToPay:
        seen = await self.stage.told(CardToPay)
        equal((seen.request_id, seen.slot, seen.read.pan), (self.asked.request_id, self.asked.routes[0].slot, pan))
        for secret in (pan, _PIN):
            assert secret not in repr(seen.read), "what was read is printed"
        return seen


def _bank(stage: Stage, *, tmk: bytes = b"") -> CardRoute:
    """With a PIN key that this pad can open."""
    stage.needs("card_terminal", "bring")
    if not hasattr(stage.hands, "tmk"):
        raise NotTried("its sandbox has no tmk")
    key = des.encrypt_ecb(tmk or stage.hands.tmk, _PIK)
    return CardRoute(prefixes=["62"], slot=stage.hands.slot, pin_key=key, pin_key_check=des.check_value(_PIK))


async def _inserted(stage: Stage, *routes: CardRoute, pan: str = _PAN) -> _Request:
    """Somebody puts a card into a terminal that waits for one."""
    request = _Request(stage, *routes)
    request.begin()
    await stage.hands.bring(pan, "chip")
    await request.says("inserted")
    return request


def _unread(stage: Stage) -> None:
    assert stage.silent(CardToPay), "it is read all the same"


def _without_pin(stage: Stage) -> CardRoute:
    stage.needs("card_terminal", "bring")
    return CardRoute(prefixes=["999"], slot=stage.hands.slot)


@SCRIPT.behaviour(["chip", "contactless"])
async def a_card_and_its_pin_are_read_for_who_asked(stage: Stage, entry_mode: str) -> None:
    request = _Request(stage, _bank(stage))
    request.begin()
    await stage.hands.bring(_PAN, entry_mode)
    await request.says("inserted" if entry_mode == "chip" else "tapped")
    await request.typed(_PIN)
    await stage.hands.press("enter")
    read = (await request.read(_PAN)).read
    equal((read.entry_mode, read.pin_key_check), (entry_mode, des.check_value(_PIK)))
    equal(read_pin_block(lambda block: des.decrypt_ecb(_PIK, block), read.pin_block, _PAN), _PIN)


@SCRIPT.behaviour()
async def where_no_pin_is_wanted_none_is_asked_for(stage: Stage) -> None:
    request = _Request(stage, _without_pin(stage))
    request.begin()
    await stage.hands.bring(_OTHER_PAN, "contactless")
    await request.says("tapped")
    equal((await request.read(_OTHER_PAN)).read.pin_block, b"")


@SCRIPT.behaviour()
async def what_was_mistyped_is_cleared(stage: Stage) -> None:
    request = await _inserted(stage, _bank(stage))
    await request.typed("99")
    await stage.hands.press("clear")
    while (await request.says("typing")).digits:
        pass
    await request.typed(_PIN)
    await stage.hands.press("enter")
    block = (await request.read(_PAN)).read.pin_block
    equal(read_pin_block(lambda sealed: des.decrypt_ecb(_PIK, sealed), block, _PAN), _PIN)


@SCRIPT.behaviour(["of none of the kinds", "of one that is refused"])
async def a_card_that_is_not_wanted_is_not_taken(stage: Stage, what: str) -> None:
    refused = CardRoute(prefixes=["999"], slot="", taken=False)
    routes = (_bank(stage), refused) if what == "of one that is refused" else (_bank(stage),)
    request = await _inserted(stage, *routes, pan=_OTHER_PAN)
    await request.says("not_taken")
    _unread(stage)


@SCRIPT.behaviour()
async def a_magnetic_stripe_is_refused_before_its_pin(stage: Stage) -> None:
    request = _Request(stage, _bank(stage))
    request.begin()
    await stage.hands.bring(_PAN, "stripe")
    await request.says("inserted")
    await request.says("stripe")
    _unread(stage)


@SCRIPT.behaviour()
async def a_key_that_the_pad_does_not_have_is_refused(stage: Stage) -> None:
    request = await _inserted(stage, _bank(stage, tmk=secrets.token_bytes(16)))
    await request.says("key_refused")
    _unread(stage)


@SCRIPT.behaviour()
async def whoever_cancels_on_the_pad_is_let_go(stage: Stage) -> None:
    request = await _inserted(stage, _bank(stage))
    await stage.hands.press("cancel")
    await request.says("cancelled")
    _unread(stage)


@SCRIPT.behaviour()
async def a_card_that_is_pulled_out_before_its_pin_ends_it(stage: Stage) -> None:
    request = await _inserted(stage, _bank(stage))
    await request.typed(_PIN[:3])
    await stage.hands.remove()
    await request.says("pulled_out")
    _unread(stage)


@SCRIPT.behaviour()
async def nobody_who_comes_is_told_in_time(stage: Stage) -> None:
    request = _Request(stage, _bank(stage), within_s=0.2)
    request.begin()
    await request.says("timed_out")


@SCRIPT.behaviour()
async def the_same_request_sent_again_is_one(stage: Stage) -> None:
    request = _Request(stage, _without_pin(stage))
    request.begin()
    request.begin()
    await stage.hands.bring(_OTHER_PAN, "contactless")
    await request.read(_OTHER_PAN)
    request.begin()
    await stage.hands.bring(_OTHER_PAN, "contactless")
    assert stage.silent(CardToPay), "it is read once more"


@SCRIPT.behaviour()
async def another_request_ends_the_one_before(stage: Stage) -> None:
    _Request(stage, _without_pin(stage)).begin()
    request = _Request(stage, _without_pin(stage))
    request.begin()
    await stage.hands.bring(_OTHER_PAN, "contactless")
    await request.read(_OTHER_PAN)


@SCRIPT.behaviour()
async def what_is_not_wanted_any_more_is_not_read(stage: Stage) -> None:
    request = _Request(stage, _without_pin(stage))
    request.begin()
    device: Any = stage.device
    device.leave_card(request.asked.request_id)
    await stage.hands.bring(_OTHER_PAN, "chip")
    while (seen := await stage.told(AtCardTerminal)).step != "inserted":
        pass
    equal(seen.request_id, "")
    _unread(stage)
