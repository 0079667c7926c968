"""Two dialects of a bank's line, on ``pyiso8583`` and ``psec`` alone, from the published tables: nothing of ours.

Messages are dictionaries as pyiso8583 has them: digits and texts as they are, bytes in hexadecimal. Keys are bytes.
"""

import asyncio
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    sealed: tuple[str, ...]
    """The codes of an answer that has a MAC."""

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


POS = Dialect("cup_pos", _POS, "6000030000603100310730", "64", unionpay_mac, 8, "0400", "0400", ("00", "10"))
ASCII = Dialect("cup_ascii", _ASCII, "", "128", retail_mac, 16, "0420", "0421", ("00", "25"))
DIALECTS = {dialect.name: dialect for dialect in (POS, ASCII)}


def pin_block(pik: bytes, pin: str, pan: str) -> str:
    return des.encrypt_tdes_ecb(pik, pinblock.encode_pinblock_iso_0(pin, pan)).hex().upper()
