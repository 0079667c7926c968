"""Permits that several processes share: never more than there are, all of them used, and none lost with the dead."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from yinyi.kernel.shares import Need, Share, fair_shares, settled

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LASTS = timedelta(seconds=10)
LOOKS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 60), st.integers(0, 12), st.booleans()), min_size=1, max_size=60
)
"""Who looks at the book, what it wants, how many seconds later than the one before, and whether its calls are over."""


@given(looks=LOOKS, permits=st.integers(1, 40))
def test_never_more_are_held_than_there_are_and_calls_that_are_out_keep_theirs(
    looks: list[tuple[str, int, int, bool]], permits: int
) -> None:
    book: dict[str, Share] = {}
    out = dict.fromkeys("abcd", 0)
    now = NOW
    for me, wants, later_s, is_over in looks:
        now += timedelta(seconds=later_s)
        if is_over or me not in book or book[me].until <= now:
            out[me] = 0
        book, calls = settled(book, me, Need(out=out[me], wants=max(wants, out[me])), permits, now, now + LASTS)
        assert max(out[me], calls) <= book[me].held
        out[me] = max(out[me], min(wants, calls))
        assert sum(share.held for share in book.values()) <= permits


@given(wants=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 60), min_size=1), permits=st.integers(1, 40))
def test_all_are_given_out_and_nobody_has_less_while_another_has_more_than_it_wants(
    wants: dict[str, int], permits: int
) -> None:
    fair = fair_shares(wants, permits)
    assert sum(fair.values()) == permits
    short = [name for name in wants if fair[name] < wants[name]]
    for name in short:
        assert all(fair[other] <= wants[other] for other in wants)
        assert all(fair[other] <= fair[name] + 1 for other in wants)


def _look(book: dict[str, Share], me: str, wants: int, out: int = 0, at: datetime = NOW) -> dict[str, Share]:
    return settled(book, me, Need(out=out, wants=wants), 20, at, at + LASTS).book


def test_whoever_is_alone_has_all_and_gives_half_of_it_to_the_second_as_its_calls_end() -> None:
    book = _look({}, "a", 100)
    assert book["a"].held == 20
    book = _look(book, "b", 100)
    assert book["b"].held == 0
    book = _look(book, "a", 100, out=14)
    assert book["a"].held == 14
    book = _look(book, "b", 100)
    assert book["b"].held == 6
    book = _look(_look(book, "a", 100, out=10), "b", 100)
    assert (book["a"].held, book["b"].held) == (10, 10)


def test_none_lies_idle_while_another_process_wants_it() -> None:
    book = _look({}, "a", 0)
    assert book["a"].held == 4, "some are at hand for the next call"
    book = _look(_look(book, "b", 100), "a", 0)
    assert (book["a"].held, book["b"].held) == (0, 16)
    assert _look(book, "b", 100)["b"].held == 20


def test_the_permits_of_the_dead_are_free_when_their_calls_are_surely_over_and_not_before() -> None:
    book = _look(_look(_look({}, "a", 100), "b", 100), "a", 100, out=10)
    book = _look(book, "b", 100)
    assert book["b"].held == 10
    almost = NOW + LASTS - timedelta(seconds=1)
    assert _look(book, "b", 100, out=10, at=almost)["b"].held == 10
    late = _look(_look(book, "b", 100, out=10, at=almost), "b", 100, out=10, at=NOW + LASTS)
    assert late["b"].held == 20
    assert "a" not in late


def test_where_there_are_fewer_permits_than_processes_each_has_its_turn() -> None:
    wants = dict.fromkeys("abc", 5)
    had = [fair_shares(wants, 2, turn) for turn in range(3)]
    assert {name: sum(each[name] for each in had) for name in wants} == {"a": 2, "b": 2, "c": 2}
