"""The first page and the last one."""

import contextlib
from datetime import datetime

from yinyi.business.identity.messages import EndSession, PreferElder
from yinyi.business.payments.messages_cards import CancelReading
from yinyi.business.prepaid.model import PrepaidMode
from yinyi.business.terminals.errors import TerminalLocked
from yinyi.business.terminals.messages import GetTerminal
from yinyi.business.terminals.model import LIVE, Offer, ServiceName
from yinyi.interface.journeys import account, card, card_reading, maintenance, present, scan, views_ends, views_start
from yinyi.interface.journeys.identify import CARDS, by_laid_card
from yinyi.interface.journeys.services import TABLE
from yinyi.interface.journeys.visitor import ALONE, Go, Next, Show, Visit, Visitor
from yinyi.kernel.errors import SessionEnded, YinyiError

_MOST_DIGITS = 2


async def home(visitor: Visitor) -> Next:
    """GET HOME. Whoever lays his card first is known before he chooses; a tube opens nothing here.

    ``?page=2``: more services. ``?bye``: after the end of a session.
    """
    if visitor.terminal.locked:
        raise TerminalLocked
    if "bye" in visitor.query:
        return _bye(visitor)
    if visitor.visit.wants in ALONE:
        with contextlib.suppress(YinyiError):
            await visitor.ask(EndSession())
        return Go(visitor.paths.home, Visit())
    found: tuple[list[Offer], PrepaidMode] | None = None
    if visitor.known:
        found = await _offers(visitor)
        if visitor.session is None and not await _still_known(visitor):
            return Go(visitor.paths.home, Visit())
        if visitor.session is not None and visitor.session.of_specimen:
            await visitor.ask(EndSession())
            return Go(visitor.paths.home, Visit())
    elif (laid := await by_laid_card(visitor, visitor.visit.wants)) is not None:
        return laid
    await card_reading.forget(visitor)
    offers, prepaid = found or await _offers(visitor)
    shut: dict[ServiceName, datetime | None] = {each.service: each.opens_at for each in offers if each.shut}
    names: tuple[ServiceName, ...] = tuple(each.service for each in offers)
    listens = {} if visitor.known else {**CARDS, **card.LISTENS}
    listens |= scan.listens(visitor)
    next_at = min(filter(None, shut.values()), default=None)
    if next_at is not None:
        listens["at"] = f"{next_at.timestamp():.1f}"
    view = views_start.HomeView(
        services=names,
        page=_page(visitor),
        shut=shut,
        tops_up=prepaid == "collect",
        after=visitor.terminal.code_version,
        key=present.new_key(),
    )
    return Show(view, listens=listens)


async def _still_known(visitor: Visitor) -> bool:
    """Asked only where no answer has said so before: the session is over, or nobody answers.

    Raises:
        PlatformUnavailable: nobody does.
    """
    with contextlib.suppress(SessionEnded):
        await visitor.ask(GetTerminal())
        return True
    return False


async def _offers(visitor: Visitor) -> tuple[list[Offer], PrepaidMode]:
    """What this terminal offers and this skin has pages for: without what needs a device that does not work and
    without the prepaid account where there is none; and what can be done with that."""
    prepaid = await account.mode_of(visitor)
    here = {each.service: each for each in visitor.terminal.offers if each.shut != "device"}
    listed = (here[each.name] for each in TABLE if each.name in here and visitor.paths.service(each.name))
    return [each for each in listed if each.service != "account" or prepaid != "off"], prepaid


def _page(visitor: Visitor) -> int:
    page = visitor.query.get("page", "")
    return int(page) if page.isdecimal() and len(page) <= _MOST_DIGITS else 1


def _bye(visitor: Visitor) -> Next:
    if not (visitor.terminal.card_in_reader or visitor.terminal.reading.card_in):
        return Go(visitor.paths.home)
    return Show(views_ends.ByeView(), listens={**CARDS, **card.LISTENS})


async def finish(visitor: Visitor) -> Next:
    """POST FINISH: whatever the platform says, nothing of the person stays on this screen."""
    with contextlib.suppress(YinyiError):
        await _no_card(visitor)
        await maintenance.leave(visitor)
        await visitor.ask_as_anybody(EndSession())
    return Go(f"{visitor.paths.home}?bye=1", Visit(), wipe=True)


async def _no_card(visitor: Visitor) -> None:
    """A card that is still asked for is no longer wanted by whoever leaves."""
    reading = visitor.terminal.reading
    await card_reading.forget(visitor)
    if visitor.known and reading.purpose == "pay" and reading.state in LIVE:
        with contextlib.suppress(YinyiError):
            await visitor.ask(CancelReading(payment_no=reading.payment_no), key=present.new_key())


async def settle_look(visitor: Visitor) -> Next:
    """POST SETTINGS: the look itself is the skin's; a patient's wish for large print is kept for the next time."""
    mode = visitor.form.get("mode")
    with contextlib.suppress(YinyiError):
        if visitor.known and mode in ("normal", "elder"):
            await visitor.ask(PreferElder(elder=mode == "elder"))
    return Go(_inside(visitor, visitor.form.get("here", "")))


def _inside(visitor: Visitor, here: str) -> str:
    """The address to go back to, if it is one of this skin's own."""
    own = here.startswith(visitor.paths.home) and here.isascii() and here.isprintable()
    return here if own and "//" not in here and "\\" not in here and " " not in here else visitor.paths.home
