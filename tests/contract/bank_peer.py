"""A terminal at a bank's line, written on ``pyiso8583`` and ``psec`` alone: nothing of ours."""

import asyncio
from dataclasses import dataclass, field

from bank_dialects import ASCII, PATIENCE_S, Dialect, Doc, pin_block
from psec import des


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
            doc |= {
                "26": "12",
                "52": pin_block(self.pik, pin, pan),
                "53": f"2{6 if len(self.pik) == 16 else 0}00000000000000",
            }
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
        """With the original's trace number; in 90 where the dialect wants that, beside a new one. 61 names it too."""
        kept = {number: value for number, value in doc.items() if number not in ("t", "26", "52", "53", "55")}
        told = {"39": reason, "61": f"{doc['60'][2:8]}{doc['11']}"}
        made = kept | told | {"t": self.dialect.repeat if again else self.dialect.reversal}
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
