"""Both ends of a bank's line, written on ``pyiso8583`` and ``psec`` alone from the published tables: nothing of ours.

Messages are dictionaries as pyiso8583 has them: digits and texts as they are, bytes in hexadecimal. Keys are bytes.
"""

import asyncio
import hashlib
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import iso8583
import pytest
from psec import des, mac, pinblock, tools

Doc = dict[str, str]
Seal = Callable[[bytes, bytes], bytes]
PATIENCE_S = 20.0
theirs = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
"""psec's use of keys of 16 bytes is warned of. Marks every test that has a peer."""


def _field(encoding: str, length: int, variable: int = 0, **more: str) -> dict[str, Any]:
    width = {0: 0, 2: 1, 3: 2}[variable]
    return {"data_enc": encoding, "len_enc": "bcd", "len_type": width, "max_len": length, "desc": "", **more}


def _digits(length: int, variable: int = 0, **pad: str) -> dict[str, Any]:
    return _field("b", length, variable, len_count="nibbles", **(pad or {"right_pad": "0"}))


def _text(length: int, variable: int = 0) -> dict[str, Any]:
    return _field("ascii", length, variable)


_POS: dict[str, dict[str, Any]] = {
    "h": _field("b", 11), "t": _field("b", 2), "p": _field("b", 8), "1": _field("b", 8),
    "2": _digits(19, 2), "3": _digits(6), "4": _digits(12), "11": _digits(6), "12": _digits(6), "13": _digits(4),
    "14": _digits(4), "15": _digits(4), "22": _digits(3), "23": _digits(3, left_pad="0"), "25": _digits(2),
    "26": _digits(2), "32": _digits(11, 2), "35": _digits(37, 2), "36": _digits(104, 3), "37": _text(12),
    "38": _text(6), "39": _text(2), "41": _text(8), "42": _text(15), "44": _field("gb18030", 25, 2),
    "48": _digits(322, 3), "49": _text(3), "52": _field("b", 8), "53": _digits(16), "54": _text(40, 3),
    "55": _field("b", 255, 3), "60": _digits(17, 3), "61": _digits(29, 3), "62": _field("b", 512, 3),
    "63": _field("gb18030", 163, 3), "64": _field("b", 8),
}  # fmt: skip
_ASCII: dict[str, dict[str, Any]] = _POS | {
    "h": _field("b", 0), "7": _text(10), "15": _text(4), "26": _text(2), "32": _text(11, 2), "33": _text(11, 2),
    "44": _field("gb18030", 99, 2), "48": _text(600, 3), "53": _text(16), "90": _text(42), "128": _field("b", 8),
}  # fmt: skip
del _ASCII["64"]


def unionpay_mac(key: bytes, data: bytes) -> bytes:
    """All blocks XORed, in hexadecimal, encrypted, XORed, encrypted, the first eight letters."""
    data += bytes(-len(data) % 8)
    block = bytes(8)
    for at in range(0, len(data), 8):
        block = tools.xor(block, data[at : at + 8])
    letters = block.hex().upper().encode()
    first = des.encrypt_tdes_ecb(key, letters[:8])
    return des.encrypt_tdes_ecb(key, tools.xor(first, letters[8:])).hex().upper()[:8].encode()


def retail_mac(key: bytes, data: bytes) -> bytes:
    """X9.19; of a key of eight bytes X9.9."""
    if len(key) == 8:
        return mac.generate_cbc_mac(key, data, padding=1)
    return mac.generate_retail_mac(key[:8], key[8:], data, padding=1)


@dataclass(frozen=True)
class Dialect:
    name: str
    spec: Mapping[str, Mapping[str, Any]]
    head: str
    mac_field: str
    seal: Seal
    mak_bytes: int
    reversal: str
    repeat: str

    def frame(self, body: bytes) -> bytes:
        return (struct.pack(">H", len(body)) if self.head else b"%04d" % len(body)) + body

    def pack(self, doc: Doc, mak: bytes = b"") -> bytes:
        """With its length before it, and a MAC when there is a key for it."""
        whole = {"h": self.head, **doc} | ({self.mac_field: "00" * 8} if mak else {})
        raw, _ = iso8583.encode(whole, self.spec)
        start = len(self.head) // 2
        return self.frame(bytes(raw[:-8]) + self.seal(mak, bytes(raw[start:-8])) if mak else bytes(raw))

    def unpack(self, body: bytes, mak: bytes = b"") -> Doc:
        """The message, with ``"mac"`` of "good", "wrong" or "none" beside its fields."""
        doc, _ = iso8583.decode(body, self.spec)
        told = dict(doc)
        given = told.pop(self.mac_field, "")
        made = self.seal(mak, body[len(self.head) // 2 : -8]).hex().upper() if mak and given else ""
        told["mac"] = "none" if not given else "good" if given == made else "wrong"
        return told

    async def read(self, reader: asyncio.StreamReader) -> bytes:
        """
        Raises:
            asyncio.IncompleteReadError: the other side has hung up.
        """
        head = await reader.readexactly(2 if self.head else 4)
        return await reader.readexactly(struct.unpack(">H", head)[0] if self.head else int(head))


POS = Dialect("cup_pos", _POS, "6000030000603100310730", "64", unionpay_mac, 8, "0400", "0400")
ASCII = Dialect("cup_ascii", _ASCII, "", "128", retail_mac, 16, "0420", "0421")
DIALECTS = {dialect.name: dialect for dialect in (POS, ASCII)}


def pin_block(pik: bytes, pin: str, pan: str) -> str:
    return des.encrypt_tdes_ecb(pik, pinblock.encode_pinblock_iso_0(pin, pan)).hex().upper()


@dataclass
class PeerClient:
    """A terminal of one merchant, on a connection of its own or on somebody's."""

    dialect: Dialect
    merchant_no: str
    terminal_no: str
    tmk: bytes
    batch_no: int = 0
    trace_no: int = 0
    pik: bytes = b""
    mak: bytes = b""
    reader: asyncio.StreamReader = field(init=False)
    writer: asyncio.StreamWriter = field(init=False)

    async def connect(self, port: int) -> "PeerClient":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        return self

    def beside(self, other: "PeerClient") -> "PeerClient":
        """On the same connection."""
        self.reader, self.writer = other.reader, other.writer
        return self

    def as_signed_on(self, other: "PeerClient") -> "PeerClient":
        """The same terminal over another connection: signed on already."""
        self.batch_no, self.trace_no, self.pik, self.mak = other.batch_no, other.trace_no, other.pik, other.mak
        return self

    def close(self) -> None:
        self.writer.close()

    # ---- messages

    def send(self, doc: Doc, mak: bytes | None = None) -> Doc:
        """mak: b"" leaves the MAC out; None takes that of the last sign-on."""
        self.writer.write(self.dialect.pack(doc, self.mak if mak is None else mak))
        return doc

    async def receive(self) -> Doc:
        async with asyncio.timeout(PATIENCE_S):
            return self.dialect.unpack(await self.dialect.read(self.reader), self.mak)

    async def ask(self, doc: Doc, mak: bytes | None = None) -> Doc:
        self.send(doc, mak)
        told = await self.receive()
        assert told["t"] == f"{doc['t'][:2]}{int(doc['t'][2]) + 1}0"
        assert [told[number] for number in ("11", "41", "42")] == [doc[number] for number in ("11", "41", "42")]
        return told

    async def hung_up(self) -> int:
        """How many bytes came before the other side hung up."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return len(await self.reader.read(-1))
            except ConnectionError:
                return 0

    def message(self, mti: str, kind: str = "", network: str = "", **more: str) -> Doc:
        """A new one, with its own trace number. kind: 60.1. network: 60.3."""
        self.trace_no += 1
        told = {number.removeprefix("f"): value for number, value in more.items()}
        common = {"t": mti, "11": f"{self.trace_no:06}", "41": self.terminal_no, "42": self.merchant_no}
        return common | {"60": f"{kind or '00'}{self.batch_no:06}{network}"} | told

    def money(self, mti: str, code: str, kind: str, pan: str, amount_fen: int, pin: str = "") -> Doc:
        doc = self.message(mti, kind, "000", f2=pan, f3=code, f4=f"{amount_fen:012}", f22="051", f25="00", f49="156")
        doc["60"] += "50"
        if pin:
            doc |= {"26": "12", "52": pin_block(self.pik, pin, pan), "53": "2600000000000000"}
        return doc

    # ---- what terminals do

    async def sign_on(self, network: str = "003") -> Doc:
        told = await self.ask(self.message("0800", network=network, f63="01 "), b"")
        if told["39"] == "00":
            self.batch_no = int(told["60"][2:8])
            self.take_keys(bytes.fromhex(told["62"]))
        return told

    def take_keys(self, data: bytes) -> None:
        """The first two keys, PIK and MAK, against their check values. In blocks of 25 an attribute is before each."""
        size, in_blocks = 8 if len(data) == 24 else 16, len(data) in (50, 75, 100)
        step, first = (25, 1) if in_blocks else (size + 4, 0)
        used = min(size, self.dialect.mak_bytes)
        pik, pik_check = data[first : first + size], data[first + size : first + size + 4]
        at = first + step
        mak, mak_check = data[at : at + used], data[at + size : at + size + 4]
        self.pik, self.mak = des.decrypt_tdes_ecb(self.tmk, pik), des.decrypt_tdes_ecb(self.tmk, mak)
        for key, check in ((self.pik, pik_check), (self.mak, mak_check)):
            assert des.generate_kcv(key, 4) == check, "the key is another one"

    def purchase_of(self, pan: str, amount_fen: int, pin: str = "") -> Doc:
        return self.money("0200", "000000", "22", pan, amount_fen, pin)

    def reversal_of(self, doc: Doc, reason: str = "98", *, again: bool = False) -> Doc:
        """With the original's trace number; where the dialect wants that in 90, a new one of its own."""
        kept = {number: value for number, value in doc.items() if number not in ("t", "26", "52", "53", "55")}
        made = kept | {"t": self.dialect.repeat if again else self.dialect.reversal, "39": reason}
        if self.dialect is ASCII:
            self.trace_no += 1
            original = f"{doc['t']}{doc['11']}1123100000{'0' * 22}"
            made |= {"11": f"{self.trace_no:06}", "90": original}
        return made

    def void_of(self, doc: Doc, answer: Doc) -> Doc:
        void = self.money("0200", "200000", "23", doc["2"], int(doc["4"]))
        return void | {"37": answer["37"], "38": answer["38"], "61": f"{doc['60'][2:8]}{doc['11']}"}

    def refund_of(self, doc: Doc, answer: Doc, amount_fen: int) -> Doc:
        refund = self.money("0220", "200000", "25", doc["2"], amount_fen)
        return refund | {"37": answer["37"], "61": f"{doc['60'][2:8]}{doc['11']}{answer['15']}", "63": "000"}

    def settlement(self, debit_fen: int, debits: int, credit_fen: int = 0, credits: int = 0) -> Doc:
        totals = f"{debit_fen:012}{debits:03}{credit_fen:012}{credits:03}0"
        return self.message("0500", network="201", f48=totals + "0" * 31, f49="156", f63="01 ")

    def upload(self, details: list[tuple[str, str, int]]) -> Doc:
        """details: trace number, card, amount."""
        told = "".join(f"00{trace_no}{pan:0>20}{amount_fen:012}" for trace_no, pan, amount_fen in details)
        return self.message("0320", network="201", f48=f"{len(details):02}{told}")

    def upload_end(self, count: int) -> Doc:
        return self.message("0320", network="202", f48=f"{count:04}")


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
        sealed = own["39"] == "00" and told["mac"] != "none"
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
        keys = [hashlib.sha256(this + purpose).digest()[:16] for purpose in (b"pik", b"mak")]
        terminal.pik, terminal.mak = keys[0], keys[1][: self.dialect.mak_bytes]
        delivered = b"".join(
            des.encrypt_tdes_ecb(terminal.tmk, key).ljust(16, b"\0") + des.generate_kcv(key, 4)
            for key in (terminal.pik, terminal.mak)
        )
        return {"39": "00", "60": f"00{terminal.batch_no:06}003", "62": delivered.hex().upper()}

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
