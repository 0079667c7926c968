"""Whatever comes over a bank line: an hour or a night of bytes, led by what they reach in the code (``make fuzz``).

The first byte of an input says which dialect and what is tried: a message, a stream in pieces, or a host's answers to
the connector (``bank_answers.py``). Nothing may be raised but our own errors, a message that is read has to be written
the same, a stream has to be cut the same however it comes, and no answer may be believed that is not the host's.
libFuzzer ends the run on a hang (5 s), on memory (600 MB), and on anything else that is raised; the input is
then in ``build/fuzz``, and ``tests/fuzz/bank_line.py FILE`` plays it again. Options of libFuzzer are passed on.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "build" / "fuzz"
LIMITS = ("-timeout=5", "-rss_limit_mb=600", "-max_len=5000", "-print_final_stats=1")

atheris: Any = importlib.import_module("atheris")
with atheris.instrument_imports(include=["yinyi.wire.iso8583", "yinyi.access.payment.unionpay"]):
    from bank_answers import KINDS, Host, answers

    from yinyi.wire.iso8583.codec import pack, unpack
    from yinyi.wire.iso8583.cup_ascii import CUP_ASCII
    from yinyi.wire.iso8583.cup_pos import CUP_POS
    from yinyi.wire.iso8583.errors import FieldError, FrameError
    from yinyi.wire.iso8583.framing import Frames, framed
    from yinyi.wire.iso8583.model import Message, Profile

PROFILES = (CUP_POS, CUP_ASCII)
AS_STREAM, AS_ANSWERS, LATE = 2, 4, 8
HOSTS = [Host(profile) for profile in PROFILES]


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    given = sys.argv[1:]
    if all(word.startswith("-") for word in given):
        corpus = FOLDER / "bank_line"
        corpus.mkdir(exist_ok=True)
        for number, seed in enumerate(seeds()):
            (corpus / f"seed-{number}").write_bytes(seed)
        given.append(str(corpus))
    atheris.Setup([sys.argv[0], *LIMITS, f"-artifact_prefix={FOLDER}/", *given], try_input)
    atheris.Fuzz()


def seeds() -> list[bytes]:
    """One of each: both dialects, as a message, as a stream, and as the answer to each kind of request."""
    fields: dict[int, str | bytes] = {
        2: "6225880212345678",
        4: "000000012345",
        23: "001",
        35: "6225880212345678=25122011234567890",
        39: "00",
        41: "10000001",
        52: b"12345678",
        60: "2200000100050",
        63: "CUP交易成功",
    }
    more: dict[int, dict[int, str | bytes]] = {0: {48: "0" * 62}, 1: {90: "0" * 42, 100: "48021000"}}
    found: list[bytes] = []
    for which, profile in enumerate(PROFILES):
        body = pack(profile, Message("0200", fields | more[which], has_mac=True)).with_mac(b"8A9E91B8")
        found += [bytes([which]) + body, bytes([which | AS_STREAM, 7]) + framed(profile, body) * 2]
        found += [
            bytes([which | AS_ANSWERS | late, 248 | KINDS.index(kind)]) + answer
            for kind, answer in answers(profile)
            for late in (0, LATE)
        ]
    return found


def try_input(data: bytes) -> None:
    """Raises what is wrong with the code, not with the bytes."""
    if len(data) < 2:
        return
    profile = PROFILES[data[0] & 1]
    if data[0] & AS_ANSWERS:
        kind, size = KINDS[data[1] % len(KINDS)], data[1] // len(KINDS) * 16 + 1
        HOSTS[data[0] & 1].try_answers(kind, data[2:], size, late=bool(data[0] & LATE))
    elif data[0] & AS_STREAM:
        try_stream(profile, data[2:], data[1] + 1)
    else:
        try_message(profile, data[1:])


def try_message(profile: Profile, body: bytes) -> None:
    try:
        read = unpack(profile, body)
    except FieldError as error:
        refused = error
    else:
        packed = pack(profile, read.message)
        assert (packed.with_mac(read.mac) if read.message.has_mac else packed.body) == body
        return
    assert refused.__context__ is None
    assert len(str(refused)) < 80


def try_stream(profile: Profile, stream: bytes, size: int) -> None:
    whole, problem = cut(profile, [stream])
    assert (whole, problem) == cut(profile, [stream[at : at + size] for at in range(0, len(stream), size)])
    for body in whole:
        try_message(profile, body)


def cut(profile: Profile, pieces: list[bytes]) -> tuple[list[bytes], str]:
    """The messages, and why there are no more."""
    frames = Frames(profile)
    whole: list[bytes] = []
    try:
        for piece in [*pieces, b""]:
            whole += frames.feed(piece)
            assert frames.waiting < profile.max_frame + 4
    except FrameError as error:
        return whole, str(error)
    return whole, ""


if __name__ == "__main__":
    main()
