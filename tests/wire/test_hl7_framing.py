"""MLLP: however a connection cuts it up, each message comes out whole and once, and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinyi.wire.hl7.errors import FrameError
from yinyi.wire.hl7.framing import Frames, framed

MESSAGES = st.lists(st.binary(min_size=1, max_size=30).filter(lambda each: not set(each) & {0x0B, 0x1C}), max_size=5)


@given(MESSAGES, st.lists(st.integers(0, 200), max_size=6), st.sampled_from([b"", b"\r", b"\r\n"]))
def test_messages_come_out_as_they_went_in(messages: list[bytes], cuts: list[int], between: bytes) -> None:
    stream = b"".join(framed(each) + between for each in messages)
    frames, found, last = Frames(30), list[bytes](), 0
    for cut in (*sorted(min(each, len(stream)) for each in cuts), len(stream)):
        found += frames.feed(stream[last:cut])
        last = cut
    assert found == messages
    assert frames.waiting == 0


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n", b"\x1c\r", b"\x0b\x1c\r", b"\x0bMSH\x0bMSH\x1c\r", b"\x00"])
def test_the_stream_ends_with_what_is_no_message(garbage: bytes) -> None:
    frames = Frames()
    assert frames.feed(framed(b"MSH|1") + garbage) == [b"MSH|1"]
    for _ in range(2):
        with pytest.raises(FrameError):
            frames.feed(b"")
    assert frames.waiting == 0


def test_no_more_is_kept_than_a_message_may_have() -> None:
    frames = Frames(10)
    assert frames.feed(framed(b"x" * 10)) == [b"x" * 10]
    for each in (b"\x0b", b"x" * 11):
        assert frames.feed(each) == []
    with pytest.raises(FrameError, match="10 bytes"):
        frames.feed(b"x")
    with pytest.raises(FrameError):
        Frames(10).feed(framed(b"x" * 11))


@pytest.mark.parametrize("data", [b"", b"a\x1cb", b"a\x0bb"])
def test_what_would_break_the_frame_is_not_framed(data: bytes) -> None:
    with pytest.raises(FrameError):
        framed(data)
