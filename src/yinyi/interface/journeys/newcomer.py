"""A card is laid while somebody is at the screen already: his own again, or the next person has stepped up."""

from contextlib import suppress
from dataclasses import replace

from yinyi.business.identity.errors import CardUnreadable, CheckDigitWrong, NoCard, WindowOnly
from yinyi.business.identity.messages import EndSession, Identify
from yinyi.interface.journeys.identify import answered
from yinyi.interface.journeys.visitor import Go, Visit, Visitor
from yinyi.kernel.errors import HospitalUnavailable, YinyiError


def has_come(visitor: Visitor) -> bool:
    """A card lies there of which it is not known whose it is."""
    visit, terminal = visitor.visit, visitor.terminal
    if not (visit.session or visit.ticket) or terminal.staff_card:
        return False
    return terminal.card_in_reader and terminal.card_version != visit.card


async def looked_at(visitor: Visitor) -> Go | Visit:
    """Another person begins anew, and nothing of the page before is done or shown any more; or the same one goes on.
    As long as nobody was known, he wants what the page asked a card for. A card that cannot be read is nobody's:
    whoever is here may have laid it the wrong way round. One that only the hospital knows, while it cannot be asked, is
    not the card of whoever is here.

    Raises:
        Unavailable: the platform could not look at all; nothing is shown meanwhile.
    """
    seen = replace(visitor.visit, card=visitor.terminal.card_version)
    try:
        found = await visitor.ask_as_anybody(Identify())
    except (NoCard, CardUnreadable, CheckDigitWrong, WindowOnly):
        return seen
    except HospitalUnavailable:  # the platform has ended the session itself; EndSession would forget his card besides
        return Go(visitor.paths.identify, _anew(visitor.visit), wipe=True)
    if found.status == "known" and not found.session_token:
        return seen
    if found.status != "known":
        with suppress(YinyiError):  # whoever is known ends the session of the one before
            await visitor.ask_as_anybody(EndSession())
    visitor.visit = _anew(visitor.visit)
    return replace(answered(visitor, found), wipe=True)


def _anew(visit: Visit) -> Visit:
    return Visit() if visit.session else Visit(wants=visit.wants)
