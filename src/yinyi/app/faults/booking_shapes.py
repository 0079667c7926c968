"""Who books a number of another day, pays for it at once, and what becomes of it: each is played with every fault."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from yinyi.app.faults.person import Person
from yinyi.app.faults.shapes import begin, pay

_MUTE_FOR = timedelta(minutes=20)


async def books(person: Person) -> None:
    """Books and pays."""
    await begin(person, "booking")
    await pay(person, tells=True)


async def books_and_hospital_is_mute(person: Person) -> None:
    """The same, and for longer than anybody waits the hospital does not say whether the number is his."""
    with person.calm():
        await begin(person, "booking")
    person.hospital.mute_until = person.clock.now() + _MUTE_FOR
    await pay(person, tells=True)


async def books_a_session_that_stops(person: Person) -> None:
    """While he pays, the hospital stops the session: what he pays goes back."""
    with person.calm():
        await begin(person, "booking")
    await person.number_is_given_away()
    await pay(person, tells=True)


async def books_and_cancels(person: Person) -> None:
    """A day later he wants the booking no more: the number goes back first, then his money."""
    with person.calm():
        await books(person)
        await person.until_the_end()
        await person.wait(timedelta(days=1))
    await person.undo("cancelled")
    await person.drive()


async def booked_session_stops(person: Person) -> None:
    """The hospital stops the session that he has booked and paid: his money goes back without his asking."""
    with person.calm():
        await books(person)
        await person.until_the_end()
    await person.number_is_given_away()
    await person.undo("session_stopped")
    await person.drive()


BOOKING_SHAPES: Mapping[str, Callable[[Person], Awaitable[None]]] = {
    each.__name__: each
    for each in (
        *(books, books_and_hospital_is_mute, books_a_session_that_stops),
        *(books_and_cancels, booked_session_stops),
    )
}
