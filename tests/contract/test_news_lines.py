"""Lines of HL7 with somebody at their other end who does it wrong, and a platform that dies at the wrong moment."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from bad_news import bytes_of, damaged
from holder_stage import TILL, HolderStage, InProcess, holder_stage
from news_stage import ABOUT, KEY, SENDERS, all_seen_to, header, report, result, teller

from yinyi.bus.operation import Caller
from yinyi.business.news import bulletins, service
from yinyi.business.news.errors import BulletinNotParked, BulletinUnknown
from yinyi.business.news.messages_bulletins import ListParkedBulletins, SendBulletinAgain, SetBulletinAside
from yinyi.kernel.errors import PlatformUnavailable

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
            await one.tells(damaged(obx={"f5": "many"}))
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


def test_people_see_what_a_system_of_the_hospital_refuses(plays: Plays, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulletins, "MOST_LISTED", 1)
    monkeypatch.setattr(service, "MOST_LISTED", 1)

    async def story(stage: HolderStage) -> None:
        parked = """INSERT INTO hospital_bulletin (hospital_id, receiver, control_id, event, payment_no, patient_id,
            amount_fen, facts, state, problem, made_at, ended_at)
            SELECT 1, 'billing', 'YY' || n, 'booked', 'P1', 1, 0, '{}', 'parked', 'AE', $1, $1
            FROM generate_series(1, 2) AS n"""
        await stage.one(parked, stage.line.clock.now())
        seen = await stage.ask(Caller.STAFF, ListParkedBulletins(), staff=TILL)
        behind = await stage.ask(Caller.STAFF, ListParkedBulletins(after=seen.next_after), staff=TILL)
        assert (len(seen.bulletins), behind.next_after) == (1, 0)
        again, aside = (each.bulletin_no for each in (*seen.bulletins, *behind.bulletins))
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
