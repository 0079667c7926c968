"""The bank line: what our codec, strict and with its MAC, takes beside pyiso8583 without one, for the same message; how
many purchases go over one line, to the sandbox's bank and to one that knows its answers already, beside frames that are
echoed; what sessions of a whole hospital take.
"""

import gc
import multiprocessing
import sys
import timeit
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import iso8583
import uvloop

from bench import bank_load, bank_sessions
from bench.figures import Figures, Target, options, report
from yinyi.wire.iso8583.codec import pack, unpack
from yinyi.wire.iso8583.cup_pos import CUP_POS
from yinyi.wire.iso8583.mac import is_mac, mac
from yinyi.wire.iso8583.model import MacAlgorithm, Message

TARGETS = {
    **{f"{what}_ratio{ending}": Target(">=", 0.5) for what in ("pack", "unpack") for ending in ("", "_x919", "_xor")},
    **{f"purchases_ratio_at_{at_once}": Target(">=", 0.3) for at_once in bank_load.AT_ONCE},
    "session_kb": Target("<=", 20),
}
_ALGORITHMS: dict[str, MacAlgorithm] = {"": "ecb", "_x919": "x9.19", "_xor": "xor-3des"}
"""Ending of a figure: its MAC. The dialect's own has none."""

_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
_PAN = "6225880212345678"
_FIELDS: dict[int, str | bytes] = {
    2: _PAN,
    3: "000000",
    4: "000000012345",
    11: "000002",
    22: "051",
    23: "001",
    25: "00",
    26: "12",
    35: f"{_PAN}=25122011234567890",
    41: "10000001",
    42: "898310070110001",
    49: "156",
    52: bytes.fromhex("793AE1FCD3064968"),
    53: "2600000000000000",
    55: bytes.fromhex("9F2608ABCDEF01234567899F2701809F101307010103A0A802010A010000000000AABBCCDD9F370411223344"),
    60: "22000001000500",
}
"""A purchase with a chip and a PIN."""


def measure(quick: bool) -> Figures:
    """Every figure of this file, by name."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:  # memory of its own
        sessions = fresh.submit(bank_sessions.measure, quick).result()
    load = uvloop.run(bank_load.measure(quick))
    return {**codec_figures(500 if quick else 5000), **load, **sessions}


def codec_figures(count: int) -> Figures:
    """How often a second ours does it, and how that compares with pyiso8583 without a MAC."""
    figures: dict[str, float] = {}
    for ending, algorithm in _ALGORITHMS.items():
        rates = codec_rates(count, algorithm)
        figures |= {f"{what}_ratio{ending}": round(ours / other, 2) for what, (ours, other) in rates.items()}
        figures |= {f"{what}{ending}_per_s": round(ours) for what, (ours, _) in rates.items()}
    return figures


def codec_rates(count: int, algorithm: MacAlgorithm) -> dict[str, tuple[float, float]]:
    """A second: ours with a MAC under a key of 16 bytes, computed or checked, and theirs."""
    message = Message("0200", _FIELDS, has_mac=True, header=CUP_POS.header)
    body = packed(message, algorithm)
    document, spec = as_theirs(body), theirs(message)
    assert bytes(iso8583.encode(dict(document), spec)[0]) == body
    assert unpacked(body, algorithm) == message
    return {
        "pack": in_turns(count, lambda: packed(message, algorithm), lambda: iso8583.encode(dict(document), spec)),
        "unpack": in_turns(count, lambda: unpacked(body, algorithm), lambda: iso8583.decode(body, spec)),
    }


def packed(message: Message, algorithm: MacAlgorithm) -> bytes:
    """Ready to be sent."""
    half = pack(CUP_POS, message)
    return half.with_mac(mac(algorithm, _KEY, half.mac_over))


def unpacked(body: bytes, algorithm: MacAlgorithm) -> Message:
    """Read, and its MAC found to be right."""
    read = unpack(CUP_POS, body)
    assert is_mac(algorithm, _KEY, read.mac_over, read.mac)
    return read.message


def in_turns(count: int, ours: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """How often a second each, at its best of seven rounds, in turns so that a busy neighbour slows both."""
    best = [float("inf"), float("inf")]
    gc.collect()
    for _ in range(7):
        best = [
            min(so_far, timeit.timeit(each, number=count)) for so_far, each in zip(best, (ours, other), strict=True)
        ]
    return count / best[0], count / best[1]


def theirs(message: Message) -> dict[str, dict[str, Any]]:
    """The same table in the form of pyiso8583, of the fields that the message has."""
    spec: dict[str, dict[str, Any]] = {
        name: {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": size, "desc": ""}
        for name, size in {"h": 11, "t": 2, "p": 8, "1": 8, "64": 8}.items()
    }
    for number in message.fields:
        field = CUP_POS.fields[number]
        in_nibbles = field.kind in ("n", "z")
        spec[str(number)] = {
            "data_enc": "b" if in_nibbles or field.kind == "b" else "ascii",
            "len_enc": "bcd",
            "len_type": (field.prefix + 1) // 2,
            "max_len": field.length,
            "desc": "",
        }
        if in_nibbles:
            spec[str(number)] |= {
                "len_count": "nibbles",
                f"{'right' if field.alignment == 'left' else 'left'}_pad": "0",
            }
    return spec


def as_theirs(body: bytes) -> dict[str, str]:
    """The message in the form of pyiso8583."""
    texts = {
        str(number): value.hex().upper() if isinstance(value, bytes) else value for number, value in _FIELDS.items()
    }
    texts["35"] = texts["35"].replace("=", "D")
    return {"h": body[:11].hex().upper(), "t": "0200", **texts, "64": body[-8:].hex().upper()}


if __name__ == "__main__":
    chosen = options(__doc__)
    sys.exit(report("bank_line", measure(chosen.quick), TARGETS, chosen.as_json))
