"""Turns a view into a page. The only place that knows which template shows which view."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, FileSystemLoader, Template

from yinyi.interface.assets.assets import Assets
from yinyi.interface.journeys import (
    icons,
    views,
    views_account,
    views_afterwards,
    views_bills,
    views_book,
    views_cards,
    views_children,
    views_codes,
    views_ends,
    views_fiscal,
    views_inpatient,
    views_maintenance,
    views_pay,
    views_register,
    views_reports,
    views_start,
)
from yinyi.interface.journeys.paths import Paths
from yinyi.interface.journeys.qr import qr_svg
from yinyi.interface.journeys.services import SERVICES, choices
from yinyi.interface.journeys.wording import Wording
from yinyi.interface.text.catalogue import LANGUAGES, catalogue
from yinyi.interface.text.compiled import Compiled
from yinyi.interface.text.templates import environment

TEMPLATES: Mapping[type[views.View], str] = {
    views_start.HomeView: "home.html",
    views_start.IdentifyView: "identify.html",
    views_start.NumberView: "number.html",
    views_start.WhoView: "who.html",
    views_start.FirstVisitView: "first_visit.html",
    views_register.DepartmentsView: "departments.html",
    views_register.DoctorsView: "doctors.html",
    views_register.DoctorView: "doctor.html",
    views_register.CheckView: "check.html",
    views_register.WaitView: "wait.html",
    views_book.DaysView: "book_days.html",
    views_book.DayDoctorsView: "book_doctors.html",
    views_book.TimesView: "book_times.html",
    views_book.BookedView: "booked.html",
    views_book.BookingsView: "bookings.html",
    views_book.BookingView: "booking.html",
    views_book.NoSlipView: "no_slip.html",
    views_book.ArrivalView: "arrival.html",
    views_book.ChangedVisitView: "changed_visit.html",
    views_children.ChildrenView: "children.html",
    views_children.ChildDocumentView: "child.html",
    views_children.ChildLeaveView: "child_leave.html",
    views_children.ChildTypingView: "child_typing.html",
    views_children.ChildConsentView: "child_consent.html",
    views_pay.PayView: "pay.html",
    views_pay.CardView: "pay_card.html",
    views_pay.PartView: "pay_part.html",
    views_pay.HoldSlipView: "hold_slip.html",
    views_pay.DoneView: "done.html",
    views_pay.TroubleView: "trouble.html",
    views_bills.BillsView: "bills.html",
    views_bills.BillView: "bill.html",
    views_bills.NoFormView: "no_form.html",
    views_bills.BillsCheckView: "bills_check.html",
    views_bills.BillsDoneView: "bills_done.html",
    views_bills.FeesView: "fees.html",
    views_bills.FeeDaysView: "fee_days.html",
    views_account.AccountView: "account.html",
    views_account.TopUpView: "top_up.html",
    views_account.TopUpCheckView: "top_up_check.html",
    views_account.TopUpDoneView: "top_up_done.html",
    views_account.WithdrawView: "withdraw.html",
    views_inpatient.InpatientView: "inpatient.html",
    views_inpatient.StaysView: "stays.html",
    views_inpatient.DepositAmountView: "deposit.html",
    views_inpatient.DepositCheckView: "deposit_check.html",
    views_inpatient.DepositDoneView: "deposit_done.html",
    views_inpatient.DepositsView: "deposits.html",
    views_inpatient.CostDaysView: "cost_days.html",
    views_inpatient.CostDayView: "cost_day.html",
    views_inpatient.StatementView: "statement.html",
    views_inpatient.ReturnView: "deposit_return.html",
    views_reports.ReportsView: "reports.html",
    views_reports.ResultView: "report.html",
    views_reports.PictureView: "picture.html",
    views_fiscal.ReceiptFileView: "receipt_file.html",
    views_reports.TrendView: "trend.html",
    views_reports.SheetsView: "sheets.html",
    views_afterwards.ReprintView: "reprint.html",
    views_afterwards.FindPaymentView: "find_payment.html",
    views_afterwards.PaymentNewsView: "payment_news.html",
    views_fiscal.ReceiptView: "receipt.html",
    views_fiscal.ReceiptsView: "receipts.html",
    views_cards.ReadCardView: "read_card.html",
    views_cards.CardsView: "cards.html",
    views_cards.CardBalanceView: "card_balance.html",
    views_codes.CodeView: "code.html",
    views_afterwards.CallStaffView: "call_staff.html",
    views_maintenance.StaffPinView: "staff_pin.html",
    views_maintenance.MaintenanceView: "maintenance.html",
    views_ends.ByeView: "bye.html",
    views_ends.ClosedView: "closed.html",
    views_ends.ErrorView: "error.html",
    views_ends.InLineView: "in_line.html",
    views_ends.NoPaperView: "no_paper.html",
}


class Pages:
    """All pages of one skin in every language, compiled once."""

    def __init__(self, skin: Path, base: str, assets: Assets, zone: ZoneInfo, compiled: Path | None = None) -> None:
        """``skin``: the folder with the skin's ``layout.html``; ``base``: where its addresses begin, ``/kiosk``;
        ``compiled``: the folder in which compiled templates are kept from start to start."""
        folders = (skin, Path(__file__).with_name("templates"))
        loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
        made_of = [
            *_files(folders),
            *_files([Path(__file__).parent], "**/*.py"),
            assets.fingerprint,
            f"{base} {zone}".encode(),
        ]
        self._templates: dict[tuple[type[views.View], str], Template] = {}
        for language in LANGUAGES:
            names = _names(Wording(catalogue(language), zone), Paths(base), assets)
            kept = Compiled(compiled, language, [*made_of, catalogue(language).fingerprint]) if compiled else None
            speaking = environment(loader, catalogue(language), assets.icons.draw, names, kept)
            for view, name in TEMPLATES.items():
                self._templates[view, language] = speaking.get_template(name)

    def render(self, view: views.View, chrome: views.Chrome, *, swap: bool = False) -> bytes:
        """``swap``: only what htmx puts in place of the screen before (its request carries ``HX-Request``)."""
        return self._templates[type(view), chrome.language].render(v=view, c=chrome, swap=swap).encode()


def _files(folders: Iterable[Path], which: str = "*.html") -> Iterator[bytes]:
    return (file.read_bytes() for folder in folders for file in sorted(folder.glob(which)))


def _names(wording: Wording, paths: Paths, assets: Assets) -> dict[str, object]:
    looks = {"qr": qr_svg, "icon_of": icons.icon_of, "tone_of": icons.tone_of, "draw": assets.icons.draw}
    offered = {"service": SERVICES, "choices": choices, "reasons": views_maintenance.REASONS}
    return {**wording.functions(), **looks, **offered, "paths": paths, "asset": assets.url}
