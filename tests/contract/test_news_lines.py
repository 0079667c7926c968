"""Lines of HL7 with somebody at their other end who does it wrong, and a platform that dies at the wrong moment."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from holder_stage import TILL, HolderStage, InProcess, holder_stage
from news_stage import ABOUT, KEY, SENDERS, all_seen_to, header, report, result, teller

from yinyi.bus.operation import Caller
from yinyi.business.news.errors import BulletinNotParked, BulletinUnknown
from yinyi.business.news.messages_bulletins import ListParkedBulletins, SendBulletinAgain, SetBulletinAside
from yinyi.kernel.errors import PlatformUnavailable
from yinyi.wire.hl7.charset import encoded
from yinyi.wire.hl7.codec import Message, segment, written
from yinyi.wire.hl7.framing import framed

Story = Callable[[HolderStage], Awaitable[None]]
Plays = Callable[[Story], None]
KEPT = "SELECT count(*) FROM hospital_news"


@pytest.fixture
def plays(platform_url: str, tmp_path: Path) -> Plays:
    def run(story: Story) -> None:
        async def whole() -> None:
            async with holder_stage(platform_url, tmp_path, news=SENDERS) as stage:
                await story(stage)

        asyncio.run(whole())

    return run


def bytes_of(segments: list[Any], charset: Any = "gb18030") -> bytes:
    return framed(encoded(written(Message(tuple(segments))), charset))


BAD: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "a wrong key": ({"msh": {"f8": "guessed"}}, ("AR", "SenderUnknown")),
    "no key": ({"msh": {"f8": ""}}, ("AR", "SenderUnknown")),
    "nobody's name": ({"msh": {"f3": "RIS"}}, ("AR", "SenderUnknown")),
    "somebody else's facility": ({"msh": {"f4": "FAR"}}, ("AR", "SenderUnknown")),
    "from elsewhere": ({"msh": {"f3": "HIS", "f4": "FAR", "f8": ""}}, ("AR", "SenderUnknown")),
    "not this one's to tell": ({"msh": {"f9": ("ADT", "A08")}}, ("AR", "NewsOfOtherKind")),
    "another kind": ({"msh": {"f9": ("MDM", "T02")}}, ("AR", "NewsOfOtherKind")),
    "another event": ({"msh": {"f9": ("ORU", "R30")}}, ("AR", "NewsOfOtherKind")),
    "practice": ({"msh": {"f11": "T"}}, ("AR", "NewsOfOtherKind")),
    "another version": ({"msh": {"f12": "3.0"}}, ("AR", "NewsOfOtherKind")),
    "no number": ({"msh": {"f10": ""}}, ("AE", "NewsUnreadable")),
    "a huge number": ({"msh": {"f10": "9" * 200}}, ("AE", "NewsUnreadable")),
    "no patient": ({"obr": {}, "pid_3": [("X1", "", "", "", "SS")]}, ("AE", "NewsUnreadable")),
    "no order": ({"obr": {"f2": ""}, "orc": {"f2": ""}}, ("AE", "NewsUnreadable")),
    "a time that is none": ({"obr": {"f22": "20261399"}}, ("AE", "NewsUnreadable")),
    "a state that is none": ({"obr": {"f25": "Q"}}, ("AE", "CodeUnknown")),
    "a department that is none": ({"obr": {"f24": "XYZ"}}, ("AE", "CodeUnknown")),
    "a secrecy that is none": ({"orc": {"f28": "SECRET"}}, ("AE", "CodeUnknown")),
    "a flag that is none": ({"obx": {"f8": "!!"}}, ("AE", "CodeUnknown")),
    "a kind of value that is none": ({"obx": {"f2": "ZZ"}}, ("AE", "CodeUnknown")),
    "a value that is only preliminary": ({"obx": {"f11": "P"}}, ("AE", "CodeUnknown")),
    "a number that is none": ({"obx": {"f5": "many"}}, ("AE", "NewsUnreadable")),
    "a text without end": ({"obx": {"f5": "x" * 500, "f2": "ST"}}, ("AE", "NewsUnreadable")),
}


def damaged(how: dict[str, Any]) -> list[Any]:
    at = ABOUT.requested_at
    results = [result("WBC", "白细胞", "5.20", "3.5-9.5", "N", **how.get("obx", {}))]
    more = {name: how[name] for name in ("msh", "orc", "obr") if name in how}
    made = report(ABOUT, at, *results, **more)
    if "pid_3" in how:
        made[1] = segment("PID", f1="1", f3=how["pid_3"])
    return made


def test_what_is_wrong_is_refused_by_name_and_not_kept(plays: Plays) -> None:
    async def story(stage: HolderStage) -> None:
        found: dict[str, tuple[str, str]] = {}
        async with teller(stage) as one:
            for name, (how, _) in BAD.items():
                found[name] = await one.tells(damaged(how))
        assert found == {name: answer for name, (_, answer) in BAD.items()}
        assert await stage.one(KEPT) == 0

    plays(story)


def test_characters_have_to_be_what_the_message_says(plays: Plays) -> None:
    async def story(stage: HolderStage) -> None:
        async with teller(stage) as one:
            lies = report(ABOUT, ABOUT.requested_at, msh={"f18": "UNICODE UTF-8"})
            assert await one.tells(lies) == ("AE", "NewsUnreadable")
            assert await one.tells(report(ABOUT, ABOUT.requested_at, msh={"f18": "BIG-5"})) == ("AE", "NewsUnreadable")
            assert await one.tells(report(ABOUT, ABOUT.requested_at, msh={"f18": "UNICODE UTF-8"}), "utf-8") == (
                "AA",
                "",
            )
            assert await one.tells(report(ABOUT, ABOUT.requested_at, msh={"f18": ""})) == ("AA", "")

    plays(story)


def test_a_line_ends_with_what_is_no_message(plays: Plays) -> None:
    async def story(stage: HolderStage) -> None:
        async with teller(stage) as one:
            whole = bytes_of(report(ABOUT, ABOUT.requested_at))
            for bad in (b"GET / HTTP/1.1\r\n\r\n", b"\x0bPID|1\x1c\r", b"\x0b" + b"x" * 200_000, b"\x0b\x1c\r"):
                assert await one.sends(bad) is None
            assert await one.sends(whole) is not None

    plays(story)


def test_who_sends_slowly_or_never_hangs_up_keeps_no_line(plays: Plays) -> None:
    async def story(stage: HolderStage) -> None:
        async with teller(stage, whole_within_s=0.05, idle_s=0.1) as one:
            whole = bytes_of(report(ABOUT, ABOUT.requested_at))
            assert await one.sends(whole[:40]) is None
            assert await one.sends(b"\r") is None
            assert await one.sends(whole + whole[:40]) is not None
            reader, _ = await one.line()
            assert await reader.read() == b""
        async with teller(stage, at_most=1) as one:
            assert await one.sends(whole) is not None
            reader, writer = await asyncio.open_connection("127.0.0.1", one.lines.port)
            assert await reader.read() == b""
            writer.close()

    plays(story)


def test_a_number_is_one_message(plays: Plays) -> None:
    async def story(stage: HolderStage) -> None:
        first = report(ABOUT, ABOUT.requested_at, msh={"f10": "M-1"})
        async with teller(stage) as one:
            assert await one.tells(first) == ("AA", "")
            later = [header("ORU^R01", stage.line.clock.now(), f10="M-1"), *first[1:]]
            assert await one.tells(later) == ("AA", ""), "sent again a minute later"
            other = report(ABOUT, ABOUT.requested_at, result("CRP", "CRP", "9"), msh={"f10": "M-1"})
            assert await one.tells(other) == ("AE", "NewsNumberUsed")
            assert await one.tells(report(ABOUT, ABOUT.requested_at, msh={"f10": "M-2", "f15": "AL"})) == ("CA", "")
        assert await stage.one(KEPT) == 2

    plays(story)


@dataclass
class Dying:
    """A platform that dies before it has done what it is asked, or after that and before it has said so."""

    stage: HolderStage
    when: str = ""

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        if self.when == "before":
            raise PlatformUnavailable
        answer = await InProcess(self.stage.business.dispatcher).request(subject, data, timeout_s)
        if self.when == "after":
            raise PlatformUnavailable
        kept = await self.stage.one("SELECT count(*) FROM hospital_news WHERE control_id = 'M-1'")
        assert kept == 1, "it is committed before anybody is told so"
        return answer


@pytest.mark.parametrize("when", ["before", "after"])
def test_aa_is_said_when_it_is_kept_and_not_before(plays: Plays, when: str) -> None:
    async def story(stage: HolderStage) -> None:
        bus = Dying(stage, when)
        async with teller(stage, bus) as one:
            message = report(ABOUT, ABOUT.requested_at, msh={"f10": "M-1"})
            assert await one.tells(message) == ("", "")
            assert await stage.one(KEPT) == (1 if when == "after" else 0)
            bus.when = ""
            assert await one.tells(message) == ("AA", "")
            assert await stage.one(KEPT) == 1

    plays(story)


def test_what_cannot_be_committed_is_not_answered_with_aa(plays: Plays) -> None:
    async def story(stage: HolderStage) -> None:
        await stage.one("ALTER TABLE hospital_news ADD CONSTRAINT full_disk CHECK (control_id <> 'M-1')")
        async with teller(stage) as one:
            assert await one.tells(report(ABOUT, ABOUT.requested_at, msh={"f10": "M-1"})) == ("AE", "InternalError")

    plays(story)


def test_nothing_of_a_message_lies_open_or_stands_in_a_log(plays: Plays, capfd: pytest.CaptureFixture[str]) -> None:
    async def story(stage: HolderStage) -> None:
        async with teller(stage) as one:
            await one.tells(report(ABOUT, ABOUT.requested_at))
            await one.tells(damaged({"obx": {"f5": "many"}}))
            await all_seen_to(stage)
        row = await stage.one("SELECT row_to_json(n)::text || encode(n.body_data, 'escape') FROM hospital_news n")
        for secret in ("欧阳", "春晓", KEY, "5.20"):
            assert secret not in row

    plays(story)
    said = "".join(capfd.readouterr())
    for secret in ("欧阳", "春晓", KEY, "many"):
        assert secret not in said


def test_messages_in_one_write_are_answered_one_by_one(plays: Plays) -> None:
    async def story(stage: HolderStage) -> None:
        async with teller(stage) as one:
            reader, writer = await one.line()
            messages = [report(ABOUT, ABOUT.requested_at, msh={"f10": f"N-{nth}"}) for nth in range(5)]
            writer.write(b"".join(map(bytes_of, messages)))
            answers = [await reader.readuntil(b"\x1c\r") for _ in messages]
            assert [f"|N-{nth}\r".encode() in answer for nth, answer in enumerate(answers)] == [True] * 5

    plays(story)


def test_people_see_what_a_system_of_the_hospital_refuses(plays: Plays) -> None:
    async def story(stage: HolderStage) -> None:
        parked = """INSERT INTO hospital_bulletin (hospital_id, receiver, control_id, event, payment_no, patient_id,
            amount_fen, facts, state, problem, made_at, ended_at)
            SELECT 1, 'billing', 'YY' || n, 'booked', 'P1', 1, 0, '{}', 'parked', 'AE', $1, $1
            FROM generate_series(1, 2) AS n"""
        await stage.one(parked, stage.line.clock.now())
        seen = await stage.ask(Caller.STAFF, ListParkedBulletins(), staff=TILL)
        again, aside = (each.bulletin_no for each in seen.bulletins)
        sent = await stage.ask(Caller.STAFF, SendBulletinAgain(bulletin_no=again), key="again-0001", staff=TILL)
        assert (sent.state, sent.problem) == ("waiting", "AE")
        note = SetBulletinAside(bulletin_no=aside, note="entered by hand")
        left = await stage.ask(Caller.STAFF, note, key="aside-0001", staff=TILL)
        assert (left.state, left.problem) == ("set_aside", "entered by hand")
        seen = await stage.ask(Caller.STAFF, ListParkedBulletins(), staff=TILL)
        assert (seen.bulletins, seen.waiting) == ([], 1)
        with pytest.raises(BulletinNotParked):
            await stage.ask(Caller.STAFF, note, key="aside-0002", staff=TILL)
        with pytest.raises(BulletinUnknown):
            await stage.ask(Caller.STAFF, SendBulletinAgain(bulletin_no=999), key="again-0002", staff=TILL)

    plays(story)
