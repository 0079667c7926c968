"""Messages in a stream: however it is cut they come out whole, and what is no length ends the line."""

from itertools import pairwise

import pytest
from bank_messages import PROFILES
from hypothesis import given
from hypothesis import strategies as st

from yinyi.wire.iso8583.cup_ascii import CUP_ASCII
from yinyi.wire.iso8583.cup_pos import CUP_POS
from yinyi.wire.iso8583.errors import FrameError
from yinyi.wire.iso8583.framing import Frames, framed
from yinyi.wire.iso8583.model import Profile

each_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
_MOST_WAITING = 4096 + 4


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    """The stream, cut at these places."""
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    return [stream[start:end] for start, end in pairwise(places)]


@each_profile
@given(bodies=st.lists(st.binary(min_size=1, max_size=300), max_size=6), cuts=st.lists(st.integers(0, 1500)))
def test_messages_come_whole_however_the_stream_is_cut(profile: Profile, bodies: list[bytes], cuts: list[int]) -> None:
    frames = Frames(profile)
    stream = b"".join(framed(profile, body) for body in bodies)
    assert [body for piece in pieces(stream, cuts) for body in frames.feed(piece)] == bodies
    assert frames.waiting == 0


@each_profile
@given(chunks=st.lists(st.binary(max_size=200) | st.just(b"\x0f" * 5000) | st.just(b"0009" * 9), max_size=8))
def test_any_bytes_are_cut_or_refused_and_little_is_kept(profile: Profile, chunks: list[bytes]) -> None:
    frames = Frames(profile)
    for chunk in chunks:
        try:
            whole = frames.feed(chunk)
        except FrameError:
            with pytest.raises(FrameError):
                frames.feed(b"")
            assert frames.waiting == 0
            return
        assert all(0 < len(body) <= profile.max_frame for body in whole)
        assert frames.waiting < _MOST_WAITING


@pytest.mark.parametrize(
    ("profile", "length", "problem"),
    [
        (CUP_POS, b"\x00\x00", "an empty message"),
        (CUP_POS, b"\x10\x01", "more than 4096 bytes"),
        (CUP_ASCII, b"0000", "an empty message"),
        (CUP_ASCII, b"4097", "more than 4096 bytes"),
        (CUP_ASCII, b"12 4", "not of digits"),
        (CUP_ASCII, b"-001", "not of digits"),
        (CUP_ASCII, b"\xb2\xb3\xb9\xb2", "not of digits"),
    ],
)
def test_a_wrong_length_ends_the_line(profile: Profile, length: bytes, problem: str) -> None:
    frames = Frames(profile)
    with pytest.raises(FrameError, match=problem):
        frames.feed(length)


def test_what_came_whole_before_a_wrong_length_is_given_first() -> None:
    frames = Frames(CUP_ASCII)
    assert frames.feed(b"0002ab0001cxxxx") == [b"ab", b"c"]
    with pytest.raises(FrameError):
        frames.feed(b"0001d")


def test_the_longest_message_and_one_byte_more() -> None:
    longest = bytes(CUP_POS.max_frame)
    assert Frames(CUP_POS).feed(framed(CUP_POS, longest)) == [longest]
    for body in (longest + b"\0", b""):
        with pytest.raises(FrameError):
            framed(CUP_POS, body)


def test_a_message_that_was_cut_off_is_seen() -> None:
    frames = Frames(CUP_POS)
    assert frames.feed(framed(CUP_POS, b"abcd")[:-1]) == []
    assert frames.waiting == 5
