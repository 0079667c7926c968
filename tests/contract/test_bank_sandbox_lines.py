"""The sandbox's bank as others meet it: its sockets and their limits, its control, its files, any bytes at all."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bank_dialects import DIALECTS, POS, theirs
from bank_lab import INPATIENT, OUTPATIENT, POOR, RICH, TERMINAL, bank_of, cleared, control, lab
from bank_peer import PeerClient
from structlog.testing import capture_logs
from wechatpay_lab import MovingClock

from yinyi.access.payment.unionpay.config import LineSettings
from yinyi.access.payment.unionpay.plugin import Lines
from yinyi.kernel.plugin import Surroundings
from yinyi_sandbox.bank.credentials import (
    MERCHANTS,
    TERMINALS,
    ConnectorSettings,
    KeyLetter,
    key_letters,
    keys_file,
    sessions_of,
    write_settings,
)
from yinyi_sandbox.bank.sandbox import Pace

Run = Callable[[Coroutine[Any, Any, Any]], Any]
START = RICH.balance_fen
both = pytest.mark.parametrize("dialect", sorted(DIALECTS))
pytestmark = theirs


# ---- sockets


@both
def test_half_of_the_line_is_down(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            first, second = (it.bank.lines[f"{dialect}-{number}"] for number in (1, 2))
            terminal = await it.terminal()
            await first.turn("silent")
            unheard = terminal.send(terminal.purchase_of(RICH.pan, 500, RICH.pin))
            other = (await it.terminal(line=2, signed_on=False)).as_signed_on(terminal)
            assert (await other.ask(other.reversal_of(unheard)))["39"] == "25", "it did nothing"
            await first.turn("refusing")
            assert await terminal.hung_up() == 0
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", first.port)
            assert (await other.ask(other.purchase_of(RICH.pan, 1, RICH.pin)))["39"] == "00"
            await first.turn("up")
            assert (await (await it.terminal()).sign_on())["39"] == "00"
            second.hang_up()
            assert await other.hung_up() == 0

    run(main())


@pytest.mark.parametrize(
    ("dialect", "sent", "reason"),
    [
        ("cup_pos", b"\x00\x00", "an empty message"),
        ("cup_pos", b"\xff\xff", "a message of more than 4096 bytes"),
        ("cup_ascii", b"00x1", "a length that is not of digits"),
        ("cup_ascii", b"9999", "a message of more than 4096 bytes"),
        ("cup_pos", b"\x00\x04\x60\x00\x00\x00", "header: the message ends within it"),
        (
            "cup_pos",
            POS.frame(bytes.fromhex("6100030000603100310730") + b"\x02\x00" + bytes(8)),
            "header: another kind",
        ),
        ("cup_ascii", b"0010\x08\x00" + bytes(8), "field 11: missing"),
        ("cup_ascii", b"0010\x08\x10" + bytes(8), "message type: not a request"),
        ("cup_ascii", b"0010\x08\x00\x00\x20" + bytes(6), "field 11: the message ends within it"),
    ],
)
def test_what_is_no_message_closes_the_connection_and_says_why(
    dialect: str, sent: bytes, reason: str, run: Run
) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            good = it.dialect.pack(terminal.message("0820", network="301"))
            with capture_logs() as logs:
                terminal.writer.write(good + sent)
                assert (await terminal.receive())["39"] == "00", "what came before is answered"
                assert await terminal.hung_up() == 0
            told = [entry["reason"] for entry in logs if entry["event"] == "bank_connection_closed"]
            assert [text.startswith(reason) for text in told] == [True]
            assert (await (await it.terminal()).sign_on())["39"] == "00", "others are served"

    run(main())


def test_messages_in_pieces_and_many_in_one(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            docs = [terminal.purchase_of(RICH.pan, 1, RICH.pin) for _ in range(50)]
            stream = b"".join(it.dialect.pack(doc, terminal.mak) for doc in docs)
            for at in range(0, len(stream), 997):
                terminal.writer.write(stream[at : at + 997])
                await terminal.writer.drain()
            assert [(await terminal.receive())["11"] for _ in docs] == [doc["11"] for doc in docs]
            assert it.balance() == START - 50

    run(main())


@pytest.mark.parametrize(("ending", "count"), [("a wrong length", 100), ("a farewell", 2_000)])
def test_what_came_before_the_end_is_answered(ending: str, count: int, run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            docs = [terminal.message("0820", network="301") for _ in range(count)]
            good = b"".join(it.dialect.pack(doc) for doc in docs)
            terminal.writer.write(good + (b"\xff\xff" if ending == "a wrong length" else b""))
            if ending == "a farewell":
                terminal.writer.write_eof()
            assert [(await terminal.receive())["11"] for _ in docs] == [doc["11"] for doc in docs]
            assert await terminal.hung_up() == 0

    run(main())


@pytest.mark.parametrize("fault", ["dropped", "torn"])
def test_what_comes_behind_a_cut_is_not_heard(fault: str, run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            docs = [terminal.purchase_of(RICH.pan, fen, RICH.pin) for fen in (1, 10, 100)]
            it.fault("echo", fault)
            cut = it.dialect.pack(terminal.message("0820", network="301"))
            first, *others = (it.dialect.pack(doc, terminal.mak) for doc in docs)
            terminal.writer.write(b"".join((first, cut, *others)))
            await terminal.hung_up()
            assert it.balance() == START - 1
            assert [it.movement(doc) is not None for doc in docs] == [True, False, False]

    run(main())


def test_too_many_connections_and_one_that_says_nothing(run: Run) -> None:
    async def main() -> None:
        async with lab(pace=Pace(most_connections=2)) as it:
            first = await it.terminal()
            await it.terminal()
            third = await it.terminal(signed_on=False)
            assert await third.hung_up() == 0
            first.writer.write_eof()
            assert await first.hung_up() == 0
            assert (await it.terminal()).mak, "there is room again"
        async with lab(pace=Pace(idle_s=0.01)) as it:
            silent = await it.terminal(signed_on=False)
            with capture_logs() as logs:
                assert await silent.hung_up() == 0
            assert [entry["reason"] for entry in logs] == ["nothing was said for too long"]

    run(main())


def test_a_message_that_is_cut_off_does_nothing(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            frame = it.dialect.pack(terminal.purchase_of(RICH.pan, 500, RICH.pin), terminal.mak)
            with capture_logs() as logs:
                terminal.writer.write(frame[:-1])
                terminal.writer.write_eof()
                assert await terminal.hung_up() == 0
            assert [entry["waiting_bytes"] for entry in logs] == [len(frame) - 1]
            assert it.balance() == START

    run(main())


# ---- memory


def test_a_restart_forgets_nothing(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        path = tmp_path / "bank.sqlite"
        async with lab(path=path) as it:
            terminal = await it.terminal()
            doc = terminal.purchase_of(RICH.pan, 500, RICH.pin)
            told = await terminal.ask(doc)
            ports = it.bank.addresses()
            it.bank.days.cut_over()
            day = it.bank.days.today()
        async with lab(path=path) as it:
            assert (it.bank.addresses(), it.bank.days.today(), it.balance()) == (ports, day, START - 500)
            other = await it.terminal()
            other.trace_no = terminal.trace_no
            assert (await other.ask(doc))["39"] == "94", "it knows what it has done"
            new = await other.ask(other.purchase_of(RICH.pan, 1, RICH.pin))
            assert new["37"] > told["37"], "no reference is used twice"
            assert (await other.ask(other.refund_of(doc, told, 500)))["39"] == "00"
            assert it.balance() == START - 1

    run(main())


def test_the_first_address_is_chosen_and_the_others_do_without_theirs(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        clock = MovingClock()
        first = bank_of(clock, tmp_path / "bank.sqlite")
        await first.start()
        addresses = first.addresses()
        beside = bank_of(clock, tmp_path / "other.sqlite")
        for name in first.lines:
            beside.store.put_fact(f"port {name}", str(first.lines[name].port))
        with pytest.raises(OSError):
            await beside.start(first.lines["cup_pos-1"].port)
        await beside.start()
        assert not set(sum(addresses.values(), ())) & set(sum(beside.addresses().values(), ()))
        await first.stop()
        await beside.stop()

    run(main())


def test_the_banks_letter_and_the_connectors_settings(tmp_path: Path) -> None:
    letters = key_letters(tmp_path)
    assert key_letters(tmp_path) == letters, "made once"
    assert keys_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert len({letter.check_value for letter in letters}) == len(letters) == len(MERCHANTS) * len(TERMINALS)
    sessions = sessions_of(letters)
    for letter, session in zip(letters, sessions, strict=True):
        first, second = (bytes.fromhex(half.component) for half in letter.components)
        assert bytes(a ^ b for a, b in zip(first, second, strict=True)) == session.tmk
        assert all(half.check_value != letter.check_value for half in letter.components)
    settings_file = tmp_path / "unionpay.json"
    addresses = {"cup_pos": ("127.0.0.1:1", "127.0.0.1:2"), "cup_ascii": ("127.0.0.1:3", "127.0.0.1:4")}
    write_settings(settings_file, tmp_path, addresses, "http://127.0.0.1:5/bank/clearing")
    assert settings_file.stat().st_mode & 0o777 == 0o600
    told = msgspec.json.decode(settings_file.read_bytes(), type=ConnectorSettings)
    assert [(each.host, each.port) for each in told.acquirers["bank"].addresses] == [("127.0.0.1", 1), ("127.0.0.1", 2)]
    lines = Lines(msgspec.json.decode(settings_file.read_bytes(), type=LineSettings), Surroundings(MovingClock(), ""))
    assert lines.acquirers.keys() == {"bank", "public"}, "the connector understands it"
    assert len({merchant.merchant_no for merchant in told.merchants.values()}) == 4
    assert msgspec.json.decode(Path(told.keys_file).read_bytes(), type=list[KeyLetter]) == letters
    assert not any(session.tmk.hex() in settings_file.read_text().lower() for session in sessions)


def test_nothing_prints_a_key_a_card_or_a_pin(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            await terminal.ask(terminal.purchase_of(RICH.pan, 1, RICH.pin))
            printed = "".join(
                map(repr, (*it.bank.store.sessions(), *it.bank.store.cards(), *it.bank.store.movements()))
            )
            session = it.bank.store.session(OUTPATIENT, TERMINAL)
            assert session
            for secret in (session.tmk, session.pik, session.mak):
                assert secret.hex() not in printed.lower()
                assert repr(secret) not in printed
            assert RICH.pan not in printed
            assert RICH.pin not in printed

    run(main())


# ---- control


def test_the_bank_is_controlled_by_http(run: Run) -> None:
    async def main() -> None:
        bank = bank_of(MovingClock())
        async with control(bank) as http:
            wanted = {"merchant_no": INPATIENT, "terminal_no": "80000002"}
            told = (await http.post("/sessions", json=wanted)).json()
            assert (told[-1]["terminal_no"], told[-1]["batch_no"]) == ("80000002", 1)
            keys = (await http.get(f"/sessions/{INPATIENT}/80000002/keys")).json()
            terminal = PeerClient(POS, INPATIENT, "80000002", bytes.fromhex(keys["tmk"]))
            await terminal.connect((await http.get("/")).json()["lines"][0]["port"])
            await terminal.sign_on()
            keys = (await http.get(f"/sessions/{INPATIENT}/80000002/keys")).json()
            assert (keys["pik"], keys["mak"]) == (terminal.pik.hex(), terminal.mak.hex())
            assert (await http.get("/sessions/1/2/keys")).status_code == 404

            fault = {"at": "purchase", "kind": "held"}
            assert (await http.post("/faults", json=fault)).json()[0]["kind"] == "held"
            assert (await http.post("/faults", json={"at": "echo", "kind": "wrong_mac"})).status_code == 400
            assert (await http.post("/faults", json=fault | {"kind": "code", "code": "x"})).status_code == 400
            card = json.loads(msgspec.json.encode(POOR)) | {"balance_fen": 777}
            assert (await http.post("/cards", json=card)).status_code == 200
            doc = terminal.send(terminal.purchase_of(POOR.pan, 700, POOR.pin))
            terminal.send(terminal.message("0820", network="301"), b"")
            await terminal.receive()
            assert (await http.get("/")).json()["held"] == 1
            assert (await http.post("/release", json={})).json() == {"released": 1}
            assert (await terminal.receive())["39"] == "00"
            balances = {each["pan"]: each["balance_fen"] for each in (await http.get("/cards")).json()}
            assert balances[POOR.pan] == 77
            (movement,) = (await http.get("/movements", params={"merchant_no": INPATIENT})).json()
            assert (movement["trace_no"], movement["state"]) == (int(doc["11"]), "approved")
            assert (await http.get("/movements")).json() == [movement]

            today = (await http.get("/")).json()["day"]
            clearing = f"/clearing/{INPATIENT}/{today}"
            assert (await http.get(clearing)).json()["code"] == "NOT_READY"
            assert (await http.get(clearing, params={"so_far": "1"})).status_code == 200
            assert (await http.post("/cut-over")).json()["day"] > today
            lines, sums = cleared((await http.get(clearing)).text)
            assert sums == [INPATIENT, today, "1", "700", "0", "0"]
            assert lines[0]["card"] == f"{POOR.pan[:6]}******{POOR.pan[-4:]}"
            assert (await http.get("/clearing/1/2026-01-01")).status_code == 404
            assert (await http.get(f"/clearing/{INPATIENT}/soon")).status_code == 400

            for name, state, expected in (("cup_pos-9", "up", 400), ("cup_pos-1", "hang_up", 200)):
                assert (await http.post("/lines", json={"name": name, "state": state})).status_code == expected
            assert await terminal.hung_up() == 0
            told = (await http.post("/lines", json={"name": "cup_ascii-2", "state": "refusing"})).json()
            assert [line["state"] for line in told["lines"]] == ["up", "up", "up", "refusing"]
            assert (await http.delete("/faults")).json() == []
            assert (await http.get("/batches")).json() == []
            for tmk in ("00", "zz"):
                wanted = {"merchant_no": "1", "terminal_no": "2", "tmk": tmk}
                assert (await http.post("/sessions", json=wanted)).status_code == 400
            terminal.close()

    run(main())
