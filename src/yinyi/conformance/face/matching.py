"""``FaceMatcher``: the same person, another one, nobody, and nothing where nothing follows."""

from yinyi.business.identity.errors import FaceUnavailable
from yinyi.business.identity.model import FaceCompared, FaceRefused
from yinyi.business.identity.ports import FaceMatcher
from yinyi.conformance.behaviour import NotKept, Script, equal, expect, raises
from yinyi.conformance.face.stage import Shown, Stage
from yinyi.kernel.far_side import Mishap

SCRIPT = Script((FaceMatcher,))
_UNANSWERED: tuple[Mishap, ...] = ("cut", "half", "silent", "slow")
_TOO_LATE: tuple[Mishap, ...] = ("silent", "slow")
_TRIES = 3
_REFUSED: dict[Shown, FaceRefused] = {"nobody": "no_face", "two_people": "several_faces"}


async def _compared(stage: Stage, shown: Shown) -> FaceCompared:
    found = expect(await stage.matcher.compare(*stage.look(shown)), FaceCompared)
    if not 0 <= found.score <= 1:
        raise NotKept(f"a score is from 0 to 1, not {found.score}")
    return found


@SCRIPT.behaviour()
async def it_says_how_patient_to_be(stage: Stage) -> None:
    assert 0 < stage.matcher.call_timeout_s <= 60


@SCRIPT.behaviour()
async def the_same_person_is_more_alike_than_another(stage: Stage) -> None:
    same, other = await _compared(stage, "holder"), await _compared(stage, "somebody_else")
    if same.score <= other.score:
        raise NotKept(f"the same person scores {same.score}, another one {other.score}")
    assert same.alive is not False, "a living person is alive"


@SCRIPT.behaviour(_REFUSED)
async def where_no_face_can_be_compared_it_says_why(stage: Stage, shown: Shown) -> None:
    equal(await stage.matcher.compare(*stage.look(shown)), _REFUSED[shown])


@SCRIPT.behaviour()
async def a_photo_before_the_camera_is_not_alive(stage: Stage) -> None:
    found = await stage.matcher.compare(*stage.look("a_photo"))
    if found != "not_alive" and not (isinstance(found, FaceCompared) and found.alive is not True):
        raise NotKept(f"expected 'not_alive', saw {found!r}")


@SCRIPT.behaviour([b"", b"\xff\xd8\xff", b"\x00" * 4096, b"<xml/>"])
async def what_is_no_picture_is_unreadable(stage: Stage, picture: bytes) -> None:
    equal(await stage.matcher.compare(picture, stage.look("holder").frames), "unreadable")


@SCRIPT.behaviour()
async def without_a_frame_there_is_no_face(stage: Stage) -> None:
    equal(await stage.matcher.compare(stage.look("holder").picture, ()), "no_face")


@SCRIPT.behaviour(_UNANSWERED)
async def nothing_follows_from_an_answer_that_does_not_come(stage: Stage, mishap: Mishap) -> None:
    stage.line.befall(mishap)
    matcher = stage.hasty if mishap in _TOO_LATE else stage.matcher
    await raises(FaceUnavailable, matcher.compare(*stage.look("holder")))


@SCRIPT.behaviour()
async def a_matcher_that_is_down_is_unavailable(stage: Stage) -> None:
    await stage.line.down(True)
    for _ in range(_TRIES):
        await raises(FaceUnavailable, stage.matcher.compare(*stage.look("holder")))
    await stage.line.down(False)
    await _compared(stage, "holder")


@SCRIPT.behaviour()
async def no_picture_is_printed(stage: Stage) -> None:
    look = stage.look("holder")
    told = f"{stage.matcher!r} {await stage.matcher.compare(*look)!r}"
    for each in (look.picture, *look.frames):
        assert repr(each)[2:-1] not in told, "a repr shows a picture"
