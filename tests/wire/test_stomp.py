"""STOMP frames: what is written is read again however the bytes come, and no message keeps those behind it away."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from yinyi.wire.stomp import HEAD_LIMIT, BrokenStream, Frame, Frames, encoded

LIMIT = 100
LAST = encoded("MESSAGE", {"ack": "last"}, b"behind it")

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
names = texts.filter(lambda name: name not in ("content-length", ""))
frames = st.builds(
    Frame,
    st.sampled_from(["MESSAGE", "RECEIPT", "ERROR"]),
    st.dictionaries(names, texts, max_size=5),
    st.binary(max_size=LIMIT),
)


def read(data: bytes, cuts: Sequence[int] = ()) -> list[Frame]:
    """As it comes in pieces."""
    reader, found = Frames(LIMIT), list[Frame]()
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        found += reader.feed(data[begin:end])
    return found


def last(data: bytes) -> Frame:
    *_, frame = read(data + LAST)
    assert (frame.headers["ack"], frame.body) == ("last", b"behind it")
    return read(data + LAST)[0]


@given(st.lists(frames, max_size=4), st.data())
def test_what_is_written_is_read_in_any_pieces(sent: list[Frame], data: st.DataObject) -> None:
    written = b"\n\r\n".join(encoded(each.command, each.headers, each.body) for each in sent)
    cuts = data.draw(st.lists(st.integers(0, len(written)), max_size=6))
    found = read(written, cuts)
    assert [each.body for each in found] == [each.body for each in sent]
    for got, meant in zip(found, sent, strict=True):
        assert {name: value for name, value in got.headers.items() if name != "content-length"} == meant.headers
        assert not got.cut


def test_a_text_ends_at_its_nul() -> None:
    written = encoded("MESSAGE", {"a:b": "1\n2\\c"}, "病人".encode(), length=False)
    assert b"content-length" not in written
    [frame] = read(written)
    assert (frame.body.decode(), dict(frame.headers)) == ("病人", {"a:b": "1\n2\\c"})


def test_the_first_of_two_headers_counts_and_lines_may_end_as_others_end_them() -> None:
    [frame] = read(b"MESSAGE\r\nack:1\r\nack:2\r\n\r\nbody\0")
    assert (frame.headers["ack"], frame.body) == ("1", b"body")


def test_a_greeting_is_not_escaped() -> None:
    assert read(rb"CONNECTED" + b"\nserver:a\\cb\n\n\0")[0].headers["server"] == r"a\cb"
    assert encoded("CONNECT", {"passcode": "a:b"}) == b"CONNECT\npasscode:a:b\n\n\0"


@pytest.mark.parametrize("length", [True, False])
def test_what_is_too_long_is_passed_over_and_says_so(length: bool) -> None:
    frame = last(encoded("MESSAGE", {"ack": "1"}, b"x" * (LIMIT + 1), length=length))
    assert (frame.headers["ack"], frame.body, frame.cut) == ("1", b"", True)


def test_a_head_that_is_too_long_keeps_whom_it_is_for() -> None:
    headers = {
        "a": "x" * HEAD_LIMIT * 3,
        "ack": "1",
        "reply-to": "/queue/his",
        "z": "y" * HEAD_LIMIT,
        "message-id": "7",
    }
    frame = last(encoded("MESSAGE", headers, b"body"))
    assert frame.cut
    assert {name: frame.headers[name] for name in ("ack", "reply-to", "message-id")} == {
        "ack": "1",
        "reply-to": "/queue/his",
        "message-id": "7",
    }


def test_what_is_held_is_bounded() -> None:
    reader = Frames(LIMIT)
    reader.feed(b"MESSAGE\n")
    for _ in range(50):
        reader.feed(b"a:" + b"x" * HEAD_LIMIT)
        assert len(vars(reader)["_held"]) < 2 * HEAD_LIMIT


def test_a_text_with_a_nul_in_it_does_not_keep_others_away() -> None:
    frame = last(b"MESSAGE\nack:1\n\nbefore\0after it, \0 and more\0\n")
    assert (frame.headers["ack"], frame.body) == ("1", b"before")


def test_a_body_without_its_end_breaks_the_line() -> None:
    with pytest.raises(BrokenStream):
        read(b"MESSAGE\ncontent-length:1\n\nab\0")
    with pytest.raises(BrokenStream):
        read(b"MESSAGE\ncontent-length:-1\n\nab\0")


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=3))
@example(b"MESSAGE\n\0\n", [])
@example(b"MESSAGE\na:\\x\n\n\0", [])
def test_no_bytes_make_it_fail_otherwise(data: bytes, cuts: list[int]) -> None:
    try:
        read(data, [cut for cut in cuts if cut <= len(data)])
    except BrokenStream:
        assert b"content-length" in data
