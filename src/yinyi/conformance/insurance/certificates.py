"""``CertificateDecoder``: whose insurance certificate's code it is, and nothing where nothing follows."""

from yinyi.business.identity.errors import DecoderUnavailable
from yinyi.business.identity.model import CertificateHolder
from yinyi.business.identity.ports import CertificateDecoder
from yinyi.conformance.behaviour import Script, equal, expect, raises
from yinyi.conformance.insurance.stage import Shown, Stage
from yinyi.kernel.far_side import Mishap

SCRIPT = Script((CertificateDecoder,))
_UNANSWERED: tuple[Mishap, ...] = ("cut", "half", "silent", "slow")
_TOO_LATE: tuple[Mishap, ...] = ("silent", "slow")
_TRIES = 3


@SCRIPT.behaviour()
async def a_code_names_its_holder(stage: Stage) -> None:
    code, number, name = stage.show("valid")
    equal(await stage.decoder.decode(code), CertificateHolder(number=number, name=name))


@SCRIPT.behaviour()
async def a_code_is_good_once(stage: Stage) -> None:
    code, *_ = stage.show("valid")
    expect(await stage.decoder.decode(code), CertificateHolder)
    equal(await stage.decoder.decode(code), "used")


@SCRIPT.behaviour(["expired", "used", "foreign"])
async def a_code_that_names_nobody_says_why(stage: Stage, shown: Shown) -> None:
    code, *_ = stage.show(shown)
    equal(await stage.decoder.decode(code), shown)


@SCRIPT.behaviour(["", "0" * 28, "x" * 400, "' OR 1=1 --", "䶮"])
async def what_nobody_has_shown_is_unreadable(stage: Stage, code: str) -> None:
    equal(await stage.decoder.decode(code), "unreadable")


@SCRIPT.behaviour(_UNANSWERED)
async def nothing_follows_from_an_answer_that_does_not_come(stage: Stage, mishap: Mishap) -> None:
    code, *_ = stage.show("valid")
    stage.line.befall(mishap)
    await raises(DecoderUnavailable, (stage.hasty if mishap in _TOO_LATE else stage.decoder).decode(code))


@SCRIPT.behaviour()
async def a_decoder_that_is_down_is_unavailable(stage: Stage) -> None:
    await stage.line.down(True)
    for _ in range(_TRIES):
        await raises(DecoderUnavailable, stage.decoder.decode(stage.show("valid")[0]))
    await stage.line.down(False)
    expect(await stage.decoder.decode(stage.show("valid")[0]), CertificateHolder)


@SCRIPT.behaviour()
async def nothing_of_a_code_or_its_holder_is_printed(stage: Stage) -> None:
    code, number, name = stage.show("valid")
    found = await stage.decoder.decode(code)
    told = f"{found!r} {stage.decoder!r}"
    for each in (code, number, name):
        assert each not in told, "a repr tells who it is"
