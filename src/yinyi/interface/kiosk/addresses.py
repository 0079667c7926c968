"""Which journey stands behind which address of the kiosk."""

from dataclasses import dataclass

from yinyi.interface.journeys import (
    account,
    afterwards,
    arrival,
    bills,
    book,
    card,
    card_balance,
    changed_visits,
    check_in,
    children,
    codes,
    deposit,
    fees,
    first_visit,
    fiscal,
    home,
    identify,
    identify_card,
    inpatient,
    maintenance,
    my_cards,
    parts,
    paths,
    pay,
    payment_news,
    pictures,
    receipt_file,
    register,
    reports,
    scan,
    sheets,
)
from yinyi.interface.journeys.visitor import Go, Handler, Next, Visitor, Want

BASE = "/kiosk"
_BY_FORM: tuple[Want, ...] = ("form",)
_BY_SLIP: tuple[Want, ...] = ("slip",)
_ALONE = _BY_FORM + _BY_SLIP


@dataclass(frozen=True)
class Address:
    """``path`` under the base. wants: what brings somebody here, should his session be over.

    for_anybody: its form may be of an earlier session on this screen. settings: its form changes how pages look.
    paper: what begins here takes money and ends with a slip.
    ends: ends the session, even while the platform is away. pairs: a new screen begins here.
    alone: visits that are good for one thing only, a request form's bill or a slip's booking, which may come here; such
    a visitor is known nowhere else.
    staff: for staff who see to the machine. lays: whoever is here lays another one's card: his child's.
    """

    path: str
    get: Handler | None = None
    post: Handler | None = None
    wants: Want | None = None
    for_anybody: bool = False
    settings: bool = False
    paper: bool = False
    ends: bool = False
    pairs: bool = False
    alone: tuple[Want, ...] = ()
    staff: bool = False
    lays: bool = False


async def _home(visitor: Visitor) -> Next:
    return Go(visitor.paths.home)


async def _departments(visitor: Visitor) -> Next:
    return Go(visitor.paths.departments)


async def _cards(visitor: Visitor) -> Next:
    return Go(visitor.paths.cards)


async def _children(visitor: Visitor) -> Next:
    return Go(visitor.paths.children)


async def _reports(visitor: Visitor) -> Next:
    return Go(visitor.paths.reports)


async def _booking(visitor: Visitor) -> Next:
    return Go(visitor.paths.book_departments)


async def _check_in(visitor: Visitor) -> Next:
    return Go(visitor.paths.check_in)


async def _card_balance(visitor: Visitor) -> Next:
    return Go(visitor.paths.card_balance)


async def _maintenance(visitor: Visitor) -> Next:
    return Go(visitor.paths.maintenance)


async def _payment(visitor: Visitor) -> Next:
    return Go(visitor.paths.trouble(visitor.at["payment_no"]))


ADDRESSES = (
    Address(paths.HOME, get=home.home, pairs=True, alone=_ALONE),
    Address(paths.IDENTIFY, get=identify.lay_card),
    Address(paths.NUMBER, get=identify.ask_number, post=identify.take_number),
    Address(paths.IDENTIFY_CARD, get=identify_card.page, post=identify_card.read),
    Address(paths.IDENTIFY_NO_CARD, get=_home, post=identify_card.leave),
    Address(paths.CODE, get=codes.which, post=codes.heard),
    Address(paths.WHO, get=identify.which_patient, post=identify.choose_patient),
    Address(paths.FIRST_VISIT, get=first_visit.welcome, post=first_visit.register_patient),
    Address(paths.CHILDREN, get=children.page, post=children.choose, wants="children"),
    Address(paths.CHILD, get=children.document, post=children.told, wants="children", lays=True),
    Address(paths.CHILD_LEAVE, get=children.leaving, post=children.leave, wants="children"),
    Address(paths.CHILD_CONSENT, get=_children, post=children.agree, wants="children", lays=True),
    Address(paths.REGISTER, get=register.start, wants="register", paper=True),
    Address(paths.DEPARTMENTS, get=register.departments, wants="register"),
    Address(paths.DOCTORS, get=register.doctors, wants="register"),
    Address(paths.DOCTOR, get=register.doctor, wants="register"),
    Address(paths.HOLD, get=_departments, post=register.hold, wants="register"),
    Address(paths.BOOK, get=book.start, wants="book", paper=True),
    Address(paths.BOOK_DEPARTMENTS, get=book.departments, wants="book"),
    Address(paths.BOOK_HOLD, get=_booking, post=book.hold, wants="book"),
    Address(paths.BOOK_DAYS, get=book.days, wants="book"),
    Address(paths.BOOK_DAY, get=book.doctors, wants="book"),
    Address(paths.BOOK_TIMES, get=book.times, wants="book"),
    Address(paths.CHECK_IN, get=check_in.bookings, wants="check_in", paper=True),
    Address(paths.CHECK_IN_SCAN, get=_check_in, post=check_in.scan, wants="check_in"),
    Address(paths.BOOKING, get=check_in.booking, post=check_in.come, wants="check_in"),
    Address(paths.BOOKING_CANCEL, get=_check_in, post=check_in.cancel, wants="check_in"),
    Address(paths.SLIP, get=arrival.no_slip, post=arrival.by_slip, wants="check_in", alone=_BY_SLIP),
    Address(paths.ARRIVAL, get=arrival.page, post=arrival.come, wants="check_in", paper=True, alone=_BY_SLIP),
    Address(paths.CHANGED_VISITS, get=changed_visits.page, post=changed_visits.answer),
    Address(paths.CHECK, get=pay.page("check"), wants="find_payment", alone=_ALONE),
    Address(paths.RELEASE, get=_payment, post=pay.release, wants="find_payment", alone=_ALONE),
    Address(paths.PAY, get=pay.page("pay"), post=pay.choose_tender, wants="find_payment", alone=_ALONE),
    Address(paths.SCAN, get=_payment, post=scan.submit, wants="find_payment", alone=_ALONE),
    Address(paths.CARD, get=_payment, post=card.read, wants="find_payment", alone=_ALONE),
    Address(paths.NO_CARD, get=_payment, post=card.leave, wants="find_payment", alone=_ALONE),
    Address(paths.PART, get=parts.how_much, wants="find_payment", alone=_ALONE),
    Address(paths.CANCEL, get=_payment, post=pay.cancel, wants="find_payment", alone=_ALONE),
    Address(paths.HOLD_SLIP, get=pay.page("hold_slip"), post=pay.issue_hold_slip, wants="find_payment", alone=_ALONE),
    Address(paths.DONE, get=pay.page("done"), wants="find_payment", alone=_ALONE),
    Address(paths.TROUBLE, get=pay.page("trouble"), wants="find_payment", alone=_ALONE),
    Address(paths.PRINT, get=_payment, post=pay.print_again, wants="find_payment", alone=_ALONE),
    Address(paths.RECEIPT, get=fiscal.page, post=fiscal.print_it, wants="find_payment"),
    Address(paths.RECEIPT_FILE, get=receipt_file.page, wants="find_payment"),
    Address(paths.RECEIPT_PAGE, get=receipt_file.picture, wants="find_payment"),
    Address(paths.RECEIPTS, get=fiscal.receipts),
    Address(paths.REPRINT, get=afterwards.papers, post=afterwards.print_paper, wants="reprint"),
    Address(paths.FIND_PAYMENT, get=afterwards.payments, wants="find_payment"),
    Address(paths.PAYMENT_NEWS, get=payment_news.page),
    Address(paths.CARDS, get=my_cards.cards, post=my_cards.unbind, wants="cards"),
    Address(paths.BIND_CARD, get=_cards, post=my_cards.bind, wants="cards"),
    Address(paths.NO_BINDING, get=_cards, post=my_cards.leave, wants="cards"),
    Address(paths.BINDING, get=my_cards.binding, wants="cards"),
    Address(paths.CARD_BALANCE, get=card_balance.page, post=card_balance.read, wants="card_balance"),
    Address(paths.NO_BALANCE, get=_card_balance, post=card_balance.leave, wants="card_balance"),
    Address(paths.BALANCE_OF_CARD, get=card_balance.told, wants="card_balance"),
    Address(paths.FORM, get=bills.no_form, post=bills.by_form, wants="bills", alone=_BY_FORM),
    Address(paths.BILLS, get=bills.page, post=bills.pay, wants="bills", paper=True, alone=_BY_FORM),
    Address(paths.BILL, get=bills.one, post=bills.print_one, wants="bills", alone=_BY_FORM),
    Address(paths.FEES, get=fees.page, wants="bills"),
    Address(paths.PRINT_FEES, get=fees.which_days, post=fees.print_days, wants="bills"),
    Address(paths.ACCOUNT, get=account.page, wants="account"),
    Address(paths.TOP_UP, get=account.how_much, post=account.top_up, wants="account", paper=True),
    Address(paths.WITHDRAW, get=account.what_goes_back, post=account.withdraw, wants="account"),
    Address(paths.INPATIENT, get=inpatient.newest, wants="inpatient"),
    Address(paths.STAY, get=inpatient.stay, wants="inpatient"),
    Address(paths.DEPOSIT, get=deposit.how_much, post=deposit.pay, wants="inpatient", paper=True),
    Address(paths.DEPOSITS, get=inpatient.deposits, wants="inpatient"),
    Address(paths.COSTS, get=inpatient.days, wants="inpatient"),
    Address(paths.COSTS_OF_DAY, get=inpatient.day, post=inpatient.print_day, wants="inpatient"),
    Address(paths.STATEMENT, get=inpatient.statement, post=inpatient.print_statement, wants="inpatient"),
    Address(paths.DEPOSIT_RETURN, get=deposit.what_goes_back, post=deposit.give_back, wants="inpatient"),
    Address(paths.REPORTS, get=reports.page, wants="reports"),
    Address(paths.TUBE, get=_reports, post=reports.by_tube, wants="reports"),
    Address(paths.PRINT_REPORTS, get=_reports, post=reports.print_them, wants="reports"),
    Address(paths.REPORT, get=reports.one, wants="reports"),
    Address(paths.PICTURES, get=pictures.page, wants="reports"),
    Address(paths.PICTURE, get=pictures.file, wants="reports"),
    Address(paths.TREND, get=reports.trend, wants="reports"),
    Address(paths.SHEETS, get=sheets.page),
    Address(paths.MAINTENANCE, get=maintenance.page, post=maintenance.act, staff=True),
    Address(paths.MAINTENANCE_PIN, get=_maintenance, post=maintenance.enter, staff=True),
    Address(paths.HELP, get=afterwards.help_page, post=afterwards.call_staff, for_anybody=True, alone=_ALONE),
    Address(paths.FINISH, get=_home, post=home.finish, for_anybody=True, alone=_ALONE, ends=True),
    Address(paths.SETTINGS, get=_home, post=home.settle_look, for_anybody=True, alone=_ALONE, settings=True),
)
