"""Calls over a driver that blocks: what may have happened, how many at once, and what becomes of those left behind."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from yinyi.access.hospital.procedures import mapping
from yinyi.access.hospital.procedures.asking import Asking
from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.driver import Fate, Heard, NothingLeft, Parameter, Signature
from yinyi.access.hospital.procedures.threads import ThreadedClient
from yinyi.access.hospital.trades.failures import CallFailed, NotReached, Rejected, Unanswered
from yinyi.access.hospital.trades.names import Names
from yinyi.access.hospital.trades.trade import Kind, Row, Trade, trade

RELEASE = trade("release_number", "ref", "ret_code ret_msg registration_no")
MAPPING = """
trades = "{snake}"
parameters = "{snake}"
outs = ["ret_code", "ret_msg"]
[forms]
zone = "Asia/Shanghai"
between = ","
"""
SHAPE = [
    Parameter("REF", "varchar", needed=True),
    Parameter("RET_CODE", "varchar", "out"),
    Parameter("RET_MSG", "varchar", "out"),
]
WELL = Heard([{"Registration_No": "9  "}], {"RET_CODE": "0", "RET_MSG": "ok"})


class HouseLine:
    """``shape``: what its database tells of every procedure; ``calls``: what was asked; ``ends``: how it went on."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self.calls: list[Mapping[str, Any]] = []
        self.ends: list[str] = []
        self.let_go = threading.Event()
        self.well = True

    def signature(self, procedure: str) -> Signature | None:
        if isinstance(self._house.shape, Exception):
            raise self._house.shape
        return self._house.shape

    def call(self, procedure: str, signature: Signature, given: Mapping[str, Any]) -> Heard:
        self.calls.append(given)
        if self._house.silent:
            self._house.reached.set()
            self.let_go.wait()
            raise ConnectionResetError
        if isinstance(self._house.answer, Exception):
            raise self._house.answer
        return self._house.answer

    def commit(self) -> None:
        self._end("commit")

    def undo(self) -> None:
        self._end("undo")

    def _end(self, how: str) -> None:
        self.ends.append(how)
        if how in self._house.breaks:
            raise ConnectionResetError

    def is_well(self) -> bool:
        return self.well and "close" not in self.ends

    def abandon(self) -> None:
        self.let_go.set()

    def close(self) -> None:
        self.ends.append("close")


class House:
    """A driver whose lines behave as it is told. ``breaks``: what they break in."""

    types: Mapping[Kind, tuple[str, ...]] = {"text": ("varchar",), "int": ("int",)}

    def __init__(self) -> None:
        self.lines: list[HouseLine] = []
        self.shape: Signature | Exception | None = SHAPE
        self.answer: Heard | Exception = WELL
        self.meant: Fate = "lost"
        self.breaks: set[str] = set()
        self.silent = False
        self.shut = False
        self.reached = threading.Event()

    def connect(self) -> HouseLine:
        if self.shut:
            raise ConnectionRefusedError
        self.lines.append(HouseLine(self))
        return self.lines[-1]

    def fate(self, error: Exception) -> Fate:
        return self.meant


def names(tmp_path: Path, more: str = "") -> Names:
    file = tmp_path / "hospital.toml"
    file.write_text(MAPPING + more, encoding="utf-8")
    return mapping.names_elsewhere(str(file))


@pytest.fixture
def house() -> House:
    return House()


def asked(house: House, tmp_path: Path, atomic: bool = False, one: Trade = RELEASE, more: str = "") -> list[Row]:
    return Asking(house, names(tmp_path, more), atomic).ask(house.connect(), one, ["R1"])


NOT_ASKED = ("state", "schedule_id", "no", "starts_at", "ends_at", "held_until", "room", "queue_ahead")
SHORT = "[trade.release_number]\ncolumns = { " + ", ".join(f'{name} = ""' for name in NOT_ASKED) + " }"


def failed(house: House, tmp_path: Path, atomic: bool = False) -> CallFailed:
    with pytest.raises(CallFailed) as error:
        asked(house, tmp_path, atomic, more=SHORT)
    return error.value


def test_what_comes_in_parameters_and_in_rows_is_one_row(house: House, tmp_path: Path) -> None:
    [row] = asked(house, tmp_path, more=SHORT)
    assert [row[one] for one in ("ret_code", "ret_msg", "registration_no")] == ["0", "ok", "9"]
    assert house.lines[0].calls == [{"REF": "R1"}]
    assert house.lines[0].ends == ["commit"]
    house.answer = Heard([], {"RET_CODE": "N05", "RET_MSG": "late"})
    [row] = asked(house, tmp_path, more=SHORT)
    assert (row["ret_code"], row["registration_no"]) == ("N05", None)


@pytest.mark.parametrize(
    ("meant", "atomic", "means"),
    [
        ("said", True, Rejected),
        ("undone", True, NotReached),
        ("lost", True, Unanswered),
        ("said", False, Unanswered),
        ("undone", False, Unanswered),
        ("lost", False, Unanswered),
    ],
)
def test_what_an_error_leaves_known(
    house: House, tmp_path: Path, meant: Fate, atomic: bool, means: type[CallFailed]
) -> None:
    """Only where procedures do not commit by themselves is what was rolled back as if it had never been."""
    house.answer, house.meant = RuntimeError("no"), meant
    assert type(failed(house, tmp_path, atomic)) is means
    assert house.lines[0].ends == (["close"] if meant == "lost" else ["undo"])
    house.breaks = {"undo"}
    assert type(failed(house, tmp_path, atomic)) is Unanswered
    assert house.lines[1].ends[-1] == "close"


def test_a_commit_without_an_answer_may_have_happened(house: House, tmp_path: Path) -> None:
    house.breaks = {"commit"}
    assert isinstance(failed(house, tmp_path, atomic=True), Unanswered)
    assert house.lines[0].ends == ["commit", "close"]


def test_what_never_left_is_not_reached(house: House, tmp_path: Path) -> None:
    house.answer = NothingLeft("gone")
    assert isinstance(failed(house, tmp_path), NotReached)
    house.shape = ConnectionResetError()
    assert isinstance(failed(house, tmp_path), NotReached)
    assert [len(line.calls) for line in house.lines] == [1, 0]


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (None, "no release_number"),
        (SHAPE[1:], "no parameter ref"),
        (SHAPE[:1], "no parameter ret_code"),
        ([*SHAPE, Parameter("clerk", "varchar", needed=True)], "wants clerk"),
    ],
)
def test_a_procedure_of_another_shape_is_not_called(
    house: House, tmp_path: Path, shape: Signature | None, says: str
) -> None:
    house.shape = shape
    error = failed(house, tmp_path)
    assert isinstance(error, Rejected)
    assert says in str(error)
    assert house.lines[0].calls == []


@pytest.mark.parametrize("row", [{}, {"registration_no": datetime(2026, 1, 1, tzinfo=UTC), "no": Decimal("1.5")}])
def test_an_answer_that_cannot_be_read_is_none(house: House, tmp_path: Path, row: Mapping[str, Any]) -> None:
    """What it did stands: it is committed, and asked about."""
    house.answer = Heard([row], WELL.outs)
    counted = trade("release_number", "ref", "ret_code ret_msg no:int registration_no")
    named = names(tmp_path, SHORT.replace('no = "", ', "", 1) if row else SHORT)
    with pytest.raises(Unanswered, match=r"no column|no whole number"):
        Asking(house, named, atomic=True).ask(house.connect(), counted, ["R1"])
    assert house.lines[0].ends == ["commit"]


def test_a_misfit_says_what_is_missing_or_of_another_kind(house: House, tmp_path: Path) -> None:
    asking = Asking(house, names(tmp_path, SHORT), atomic=False)
    assert asking.misfits(house.connect(), [RELEASE]) == []
    house.shape = [Parameter("ref", "int", needed=True), *SHAPE[1:]]
    assert asking.misfits(house.connect(), [RELEASE]) == ["release_number: ref is int, not text"]
    house.shape = None
    [why] = asking.misfits(house.connect(), [RELEASE])
    assert "no procedure release_number" in why


# ---- in threads


def play(house: House, tmp_path: Path, scene: Callable[[ThreadedClient], Awaitable[None]], **more: Any) -> None:
    usual: dict[str, Any] = {"calls_at_once": 1, "call_timeout_s": 30.0}
    config = ProceduresConfig(url="x://y/z", **(usual | more))

    async def on_stage() -> None:
        client = ThreadedClient(config, names(tmp_path, SHORT), house)
        await client.start()
        try:
            await scene(client)
        finally:
            await client.stop()

    asyncio.run(on_stage())


def test_a_line_is_kept_while_it_is_well(house: House, tmp_path: Path) -> None:
    async def scene(client: ThreadedClient) -> None:
        for _ in range(3):
            await client.call(RELEASE, "R1")
        assert len(house.lines) == 1
        house.lines[0].well = False
        await client.call(RELEASE, "R1")
        assert [len(line.calls) for line in house.lines] == [3, 1]
        assert house.lines[0].ends[-1] == "close"

    play(house, tmp_path, scene)
    assert house.lines[1].ends[-1] == "close"


def test_no_answer_in_time_is_unanswered_and_the_thread_comes_back(house: House, tmp_path: Path) -> None:
    async def scene(client: ThreadedClient) -> None:
        house.silent = True
        with pytest.raises(Unanswered, match="in time"):
            await client.call(RELEASE, "R1")
        house.silent = False
        assert await client.call(RELEASE, "R2")
        assert len(house.lines) == 2
        assert "close" in house.lines[0].ends

    play(house, tmp_path, scene, call_timeout_s=0.05)


def test_a_caller_who_leaves_takes_no_thread_with_him(house: House, tmp_path: Path) -> None:
    async def scene(client: ThreadedClient) -> None:
        house.silent = True
        leaving = asyncio.ensure_future(client.call(RELEASE, "R1"))
        await asyncio.to_thread(house.reached.wait)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        house.silent = False
        assert await client.call(RELEASE, "R2")

    play(house, tmp_path, scene)


def test_who_stops_leaves_nobody_waiting(house: House, tmp_path: Path) -> None:
    async def scene(client: ThreadedClient) -> None:
        house.silent = True
        waiting = asyncio.ensure_future(client.call(RELEASE, "R1"))
        await asyncio.to_thread(house.reached.wait)
        await client.stop()
        with pytest.raises(Unanswered):
            await waiting

    play(house, tmp_path, scene)


def test_our_own_limits_are_said_at_once_and_blame_nobody(house: House, tmp_path: Path) -> None:
    async def scene(client: ThreadedClient) -> None:
        house.silent = True
        first = asyncio.ensure_future(client.call(RELEASE, "R1"))
        await asyncio.to_thread(house.reached.wait)
        with pytest.raises(NotReached, match="no thread is free"):
            await client.call(RELEASE, "R2")
        house.silent = False
        house.lines[0].let_go.set()
        with pytest.raises(Unanswered):
            await first
        assert await client.call(RELEASE, "R3")

    play(house, tmp_path, scene, connect_timeout_s=0.05, rest_after=2, rest_s=60)


def test_nobody_there_is_not_reached_and_soon_not_even_tried(house: House, tmp_path: Path) -> None:
    async def scene(client: ThreadedClient) -> None:
        house.shut = True
        for says in ("ConnectionRefusedError", "ConnectionRefusedError", "left alone"):
            with pytest.raises(NotReached, match=says):
                await client.call(RELEASE, "R1")
        assert await client.misfits([RELEASE]) == []

    play(house, tmp_path, scene, rest_after=2, rest_s=60)


def test_a_hospital_that_says_no_is_there(house: House, tmp_path: Path) -> None:
    async def scene(client: ThreadedClient) -> None:
        house.answer, house.meant = RuntimeError("no"), "said"
        for _ in range(4):
            with pytest.raises(Unanswered, match="RuntimeError"):
                await client.call(RELEASE, "R1")
        assert len(house.lines) == 1

    play(house, tmp_path, scene, rest_after=2, rest_s=60)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_what_cannot_be_sent_is_refused_here(house: House, tmp_path: Path, text: str) -> None:
    async def scene(client: ThreadedClient) -> None:
        with pytest.raises(Rejected, match="cannot be asked like this"):
            await client.call(RELEASE, text)

    play(house, tmp_path, scene)
    assert house.lines == []
