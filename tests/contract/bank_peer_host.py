"""An acquirer at the other end of a line, written on ``pyiso8583`` and ``psec`` alone: nothing of ours."""

import asyncio
import hashlib
from dataclasses import dataclass, field

from bank_dialects import Dialect, Doc
from psec import des, pinblock


@dataclass
class Terminal:
    """What the host knows of a terminal of a merchant."""

    tmk: bytes
    batch_no: int = 1
    pik: bytes = b""
    mak: bytes = b""
    totals: list[int] = field(default_factory=lambda: [0, 0])
    """What was bought in this batch: fen, how many."""


@dataclass
class PeerHost:
    """An acquirer of few words: sign-on, purchase, balance, void, refund, reversal, echo, settlement.

    ``heard`` gives every message in the order in which they came. ``behave``: what befalls the next messages of a
    type, one each: "silent" (done, not answered), "ignored" (not done either), "wrong_mac", a code of two characters,
    or "" for nothing.
    """

    dialect: Dialect
    terminals: dict[tuple[str, str], Terminal]
    cards: dict[str, tuple[str, int]]
    """PAN: PIN, and what is on it in fen."""
    heard: asyncio.Queue[Doc] = field(default_factory=asyncio.Queue[Doc])
    behave: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    done: dict[tuple[str, str, str, str], Doc] = field(default_factory=dict[tuple[str, str, str, str], Doc])
    """What took effect and was not undone, by merchant, terminal, batch and trace."""
    undone: set[tuple[str, str, str, str]] = field(default_factory=set[tuple[str, str, str, str]])
    references: int = 0
    layout: int = 40
    """Of field 62: 24, 40, 56, 60 bytes, or blocks of 25."""
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    async def start(self) -> "PeerHost":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                answer = self.answer(await self.dialect.read(reader))
                if answer:
                    writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()

    def answer(self, body: bytes) -> bytes:
        """The answer in its frame; empty: there is none."""
        doc = self.dialect.unpack(body)
        terminal = self.terminals.get((doc["42"], doc["41"]))
        if terminal is None:
            return self._written(doc | {"mac": "none"}, {"39": "97"}, Terminal(b""), spoilt=False)
        told = self.dialect.unpack(body, terminal.mak)
        self.heard.put_nowait(told)
        queue = self.behave.get(doc["t"], [])
        fault = queue.pop(0) if queue else ""
        if fault == "ignored":
            return b""
        own = {"39": fault} if len(fault) == 2 else self._decide(told, terminal)
        if fault == "silent":
            return b""
        return self._written(told, own, terminal, spoilt=fault == "wrong_mac")

    def _written(self, told: Doc, own: Doc, terminal: Terminal, *, spoilt: bool) -> bytes:
        self.references += 1
        repeated = {number: told[number] for number in ("2", "3", "4", "25", "49") if number in told}
        same = {number: told[number] for number in ("11", "41", "42", "60")}
        stamp = {"12": "101112", "13": "1123", "15": "1123", "32": "99990009", "37": f"{self.references:012}"}
        answer = {"t": f"{told['t'][:2]}{int(told['t'][2]) + 1}0"} | repeated | same | stamp | own
        sealed = own["39"] in self.dialect.sealed and told["mac"] != "none"
        key = bytes(terminal.mak[::-1]) if spoilt else terminal.mak
        return self.dialect.pack(answer, key if sealed else b"")

    def _decide(self, told: Doc, terminal: Terminal) -> Doc:
        match told["t"]:
            case "0800":
                return self._sign_on(told, terminal)
            case "0820":
                return {"39": "00"}
            case "0500":
                return self._settle(told, terminal)
            case "0320":
                return {"39": "00"}
            case _ if told["mac"] != "good":
                return {"39": "A0"}
            case _ if told["t"] in (self.dialect.reversal, self.dialect.repeat):
                return self._reverse(told, terminal)
            case _:
                return self._move(told, terminal)

    def _sign_on(self, told: Doc, terminal: Terminal) -> Doc:
        this = f"{told['42']} {told['41']} {self.references}".encode()
        code = told["60"][8:11]
        keys = [hashlib.sha256(this + purpose).digest()[:16] for purpose in (b"pik", b"mak", b"tdk", b"more")]
        keys[0] = keys[0][: 8 if code == "001" else 16]
        keys[1] = keys[1][: 8 if self.layout == 24 else self.dialect.mak_bytes]
        terminal.pik, terminal.mak = keys[:2]
        delivered = _delivered(terminal.tmk, self.layout, keys)
        return {"39": "00", "60": f"00{terminal.batch_no:06}{code}", "62": delivered.hex().upper()}

    def _move(self, told: Doc, terminal: Terminal) -> Doc:
        pin, balance_fen = self.cards.get(told["2"], ("", -1))
        if balance_fen < 0:
            return {"39": "14"}
        if int(told["60"][2:8]) != terminal.batch_no:
            return {"39": "77"}
        if self._place(told, told["11"]) in self.done.keys() | self.undone:
            return {"39": "94"}
        if "52" in told:
            block = des.decrypt_tdes_ecb(terminal.pik, bytes.fromhex(told["52"]))
            if pinblock.decode_pinblock_iso_0(block, told["2"]) != pin:
                return {"39": "55"}
        if told["3"] == "310000":
            return {"39": "00", "54": f"0002156C{balance_fen:012}"}
        sign = 1 if told["3"] == "200000" else -1
        amount_fen = int(told["4"])
        if balance_fen + sign * amount_fen < 0:
            return {"39": "51"}
        self._book(told, terminal, sign)
        self.done[self._place(told, told["11"])] = told
        return {"39": "00", "38": f"{self.references % 1_000_000:06}"}

    def _book(self, told: Doc, terminal: Terminal, sign: int, count: int = 1) -> None:
        pin, balance_fen = self.cards[told["2"]]
        amount_fen = int(told["4"])
        self.cards[told["2"]] = (pin, balance_fen + sign * amount_fen)
        if told["3"] == "000000":
            terminal.totals[0] += count * amount_fen
            terminal.totals[1] += count

    def _reverse(self, told: Doc, terminal: Terminal) -> Doc:
        place = self._place(told, told["90"][4:10] if "90" in told else told["11"])
        if told.get("61", "".join(place[2:])) != "".join(place[2:]):
            return {"39": "30"}
        original = self.done.pop(place, None)
        if original is None:
            return {"39": "00" if place in self.undone else "25"}
        self.undone.add(place)
        self._book(original, terminal, 1 if original["3"] == "000000" else -1, -1)
        return {"39": "00"}

    def _settle(self, told: Doc, terminal: Terminal) -> Doc:
        same = told["48"][:15] == f"{terminal.totals[0]:012}{terminal.totals[1]:03}"
        terminal.batch_no, terminal.totals = terminal.batch_no + 1, [0, 0]
        return {"39": "00", "48": f"{told['48'][:30]}{1 if same else 2}{told['48'][31:61]}1"}

    def _place(self, told: Doc, trace_no: str) -> tuple[str, str, str, str]:
        return told["42"], told["41"], told["60"][2:8], trace_no


def _delivered(tmk: bytes, layout: int, keys: list[bytes]) -> bytes:
    if layout % 25 == 0:
        blocks = [des.encrypt_tdes_ecb(tmk, key).ljust(16, b"\0") + des.generate_kcv(key, 8) for key in keys]
        return b"".join(b"\1" + block for block in blocks[: layout // 25])
    size = 8 if layout == 24 else 16
    whole = [des.encrypt_tdes_ecb(tmk, key).ljust(size, b"\0") + des.generate_kcv(key, 4) for key in keys]
    return b"".join(whole[: 3 if layout > 40 else 2])[:layout]
