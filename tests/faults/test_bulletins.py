"""A hospital's system is told of visits and charges: once, in order, whatever becomes of the line or of us."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any, Literal

import pytest
from booking_desk import Desk, play
from payment_far_side import FEE

from yinyi.access.notification.mllp.config import MllpConfig, Receiver
from yinyi.access.notification.mllp.plugin import Mllp
from yinyi.bus.database import Tx
from yinyi.business.identity.model import PatientFacts
from yinyi.business.news.bulletins import Bulletins
from yinyi.business.payments.plan import Plan
from yinyi.business.scheduling.messages_booking import StopSession
from yinyi.wire.hl7.answers import Told, answer
from yinyi.wire.hl7.codec import Message, read, written
from yinyi.wire.hl7.framing import END, framed

HL7APY: Any = import_module("hl7apy.parser")
Bad = Literal["hangs_up", "nonsense", "refuses", "rejects", "says_nothing", "of_another"]


class Names:
    async def facts(self, tx: Tx, hospital_id: int, patient_id: int) -> PatientFacts:
        return PatientFacts(
            patient_id=patient_id,
            patient_no=f"P{patient_id}",
            name="欧阳|春晓",
            sex="female",
            born_on=date(1991, 4, 16),
        )


@dataclass
class His:
    """Takes messages; ``next``: how it takes the coming ones."""

    got: list[Message] = field(default_factory=list[Message])
    next: deque[Bad] = field(default_factory=deque[Bad])
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            data = (await reader.readuntil(END))[1 : -len(END)]
            message = read(data.decode("gb18030"))
            bad = self.next.popleft() if self.next else None
            if bad != "hangs_up":
                self.got.append(message)
                self.heard.set()
            if bad == "nonsense":
                writer.write(b"HTTP/1.1 400\r\n")
            elif bad == "says_nothing":
                await reader.read()
            elif bad != "hangs_up":
                code: Any = {"refuses": "AE", "rejects": "AR"}.get(bad or "", "AA")
                about = message if bad != "of_another" else read("MSH|^~\\&|||||||ACK|OTHER|P|2.5.1\r")
                told = Told(code, "204", "unknown patient")
                writer.write(framed(answer(about, "gb18030", told, "A1", datetime(2026, 3, 2, tzinfo=UTC), UTC)))
            await writer.drain()
        writer.close()

    def events(self) -> list[str]:
        return [each.header.text(9, 2) + "/" + each.first("FT1").text(6) for each in self.got]


@dataclass
class Line:
    desk: Desk
    his: His
    bulletins: Bulletins

    async def hear(self, *plans: Plan) -> None:
        fresh = [await self.desk.it.plan(each.payment_no) for each in plans]
        async with self.desk.it.database.transaction() as tx:
            await self.bulletins.hear(tx, fresh, self.desk.it.clock.now())

    async def work(self, hours: float = 0) -> None:
        self.desk.it.clock.advance(timedelta(hours=hours))
        while await self.bulletins.turn("billing"):
            pass

    async def one(self, query: str) -> Any:
        async with self.desk.it.database.read() as tx:
            return await tx.fetchval(query)


STATES = "SELECT string_agg(state, ' ' ORDER BY bulletin_no) FROM hospital_bulletin"


def plays(platform_url: str, story: Callable[[Line], Any], patience_s: float = 20) -> None:
    async def with_line(desk: Desk) -> None:
        his = His()
        server = await asyncio.start_server(his.serve, "127.0.0.1", 0)
        receiver = Receiver(
            name="billing",
            host="127.0.0.1",
            port=server.sockets[0].getsockname()[1],
            application="HIS",
            wants=("visit", "charge"),
        )
        mllp = Mllp(MllpConfig(receivers=[receiver], call_timeout_s=patience_s))
        await story(Line(desk, his, Bulletins(desk.it.database, mllp, Names(), desk.it.clock)))
        server.close()
        for each in his.got:
            assert HL7APY.parse_message(written(each)).validate()

    play(platform_url, with_line)


def test_a_visit_and_its_money_are_told_and_so_is_their_end(platform_url: str) -> None:
    async def story(line: Line) -> None:
        plan = await line.desk.booked()
        await line.hear(plan)
        await line.hear(plan)
        await line.work()
        assert line.his.events() == ["S12/", "P03/CG"]
        visit, charge = line.his.got
        assert charge.first("FT1").text(11) == f"{FEE // 100}.{FEE % 100:02}"
        assert charge.first("PID").text(5) == "欧阳|春晓"
        assert (visit.first("SCH").text(25), visit.first("PID").text(3)) == ("Booked", "P1")
        assert visit.first("SCH").text(1).startswith(plan.payment_no)
        call = line.desk.call()
        stopped = StopSession(schedule_id=plan.facts["schedule_id"])
        known = await line.desk.changes.to_stop(call, stopped)
        async with line.desk.it.database.transaction() as tx:
            await line.desk.changes.stop(tx, call, stopped, known)
        await line.desk.it.to_the_end(plan.payment_no)
        await line.hear(plan)
        await line.work()
        assert line.his.events()[2:] == ["S15/", "P03/CD"]
        assert await line.one("SELECT sum(amount_fen)::bigint FROM hospital_bulletin") == 0
        assert await line.one(STATES) == " ".join(["delivered"] * 4)
        assert len({each.header.text(10) for each in line.his.got}) == 4

    plays(platform_url, story)


@pytest.mark.parametrize("bad", ["hangs_up", "nonsense", "says_nothing", "of_another"])
def test_what_may_not_have_arrived_is_sent_again_and_nothing_overtakes_it(platform_url: str, bad: Bad) -> None:
    async def story(line: Line) -> None:
        await line.hear(await line.desk.booked())
        line.his.next.extend([bad, bad])
        await line.work()
        assert await line.one(STATES) == "waiting waiting"
        await line.work()
        assert len(line.his.got) == (0 if bad == "hangs_up" else 1), "it is not sent before its time"
        for _ in range(2):
            await line.work(hours=1)
        assert await line.one(STATES) == "delivered delivered"
        assert line.his.events()[-2:] == ["S12/", "P03/CG"]
        assert len({each.header.text(10) for each in line.his.got}) == 2, "under the number that it had"

    plays(platform_url, story, patience_s=1 if bad == "says_nothing" else 20)


def test_what_is_refused_waits_for_people_and_holds_up_nothing(platform_url: str) -> None:
    async def story(line: Line) -> None:
        await line.hear(await line.desk.booked())
        line.his.next.extend(["refuses", "rejects"])
        await line.work()
        assert await line.one(STATES) == "parked parked"
        problems = "SELECT string_agg(problem, ', ' ORDER BY bulletin_no) FROM hospital_bulletin"
        assert (await line.one(problems)).startswith("AE unknown patient · Unknown key identifier, AR unknown patient")

    plays(platform_url, story)


def test_of_two_processes_one_sends(platform_url: str) -> None:
    async def story(line: Line) -> None:
        await line.hear(await line.desk.booked(), await line.desk.booked(doctor="B", who=2))
        await asyncio.gather(*(line.work() for _ in range(4)))
        assert sorted(line.his.events()) == ["P03/CG"] * 2 + ["S12/"] * 2

    plays(platform_url, story)


def test_one_that_died_while_sending_is_followed_by_another(platform_url: str) -> None:
    async def story(line: Line) -> None:
        await line.hear(await line.desk.booked())
        line.his.next.append("says_nothing")
        sending = asyncio.create_task(line.bulletins.turn("billing"))
        await line.his.heard.wait()
        sending.cancel()
        await asyncio.wait([sending])
        await line.work()
        assert await line.one(STATES) == "waiting waiting"
        await line.work(hours=1)
        assert await line.one(STATES) == "delivered delivered"

    plays(platform_url, story)
