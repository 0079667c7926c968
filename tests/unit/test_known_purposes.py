"""What payments are for is known for so many of them."""

from yinyi.interface.journeys.purposes.known import KnownPurposes


def test_the_longest_known_is_forgotten() -> None:
    known = KnownPurposes(most=2)
    for number in ("a", "b", "c"):
        known.keep(number, "top_up")
    assert [known.get(number) for number in ("a", "b", "c")] == [None, "top_up", "top_up"]
