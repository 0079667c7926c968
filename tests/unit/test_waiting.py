"""The line before the hospital: who is next, whatever comes and goes."""

from hypothesis import given
from hypothesis import strategies as st

from yinyi.kernel.waiting import Place, Rank, WaitingLine

COMERS = st.lists(st.tuples(st.sampled_from(Rank), st.sampled_from("abcde"), st.floats(0, 60)), max_size=40)


def _all_called(line: WaitingLine) -> list[Place]:
    called: list[Place] = []
    while (first := line.first) is not None:
        called.append(first)
        line.leave(first)
    return called


@given(comers=COMERS, gone=st.sets(st.integers(0, 39)))
def test_everybody_who_stays_is_called_once_and_in_order(comers: list[tuple[Rank, str, float]], gone: set[int]) -> None:
    line = WaitingLine()
    places = [line.join(*comer) for comer in comers]
    for at, place in enumerate(places):
        if at in gone:
            line.leave(place)
    stayed = [place for at, place in enumerate(places) if at not in gone]
    assert [line.before(place) for place in sorted(stayed)] == list(range(len(stayed)))
    assert _all_called(line) == sorted(stayed)


@given(comers=COMERS)
def test_nobody_is_called_before_one_who_came_earlier_with_the_same_wish_and_has_no_other(
    comers: list[tuple[Rank, str, float]],
) -> None:
    line = WaitingLine()
    for rank, _, came in comers:
        line.join(rank, "fills it", came)
    patient = line.join(Rank.LOOKS, "patient", 30.0)
    for place in _all_called(line):
        if place is patient:
            break
        assert place.rank < Rank.LOOKS or place.counts_from <= 30.0


def test_one_terminal_that_asks_fifty_times_lets_the_next_one_through() -> None:
    line = WaitingLine()
    for _ in range(50):
        line.join(Rank.LOOKS, "greedy", 100.0)
    others = [line.join(Rank.LOOKS, f"kiosk {n}", 100.5) for n in range(5)]
    assert [place.who for place in _all_called(line)][:7] == ["greedy", *(one.who for one in others), "greedy"]


def test_what_decides_goes_first_and_what_nobody_waits_for_last() -> None:
    line = WaitingLine()
    for rank in (Rank.IN_BACKGROUND, Rank.LOOKS, Rank.BEFORE_DECIDING, Rank.DECIDES):
        line.join(rank, "", 100.0 - rank)
    assert [place.rank for place in _all_called(line)] == list(Rank)
