"""What each page shows: plain facts, no words of any language. A page's template finds the words.

Instants are timezone-aware; pages show them in the hospital's zone. Amounts are fen. Names and numbers of people
arrive here already masked. ``key`` is the idempotency key of the page's form: it is made when the page is rendered,
so that pressing twice sends the same key twice.
"""

from datetime import date, datetime, time
from typing import Literal

import msgspec

Language = Literal["zh-CN", "en"]
Mode = Literal["normal", "elder"]
Theme = Literal["light", "contrast"]
Reach = Literal["normal", "low"]
StepName = Literal["department", "doctor", "check", "pay", "take"]
SessionName = Literal["morning", "afternoon", "night"]
Title = Literal["chief", "associate_chief", "attending", "resident"]
TenderName = Literal["wechatpay", "alipay"]
"""What a kiosk offers: an app on the phone that scans the code on the screen."""
Printing = Literal["printing", "printed", "paper_out", "failed", "offline"]
"""How the paper is doing: under way, out, no paper, broken, or the printer does not answer."""

REGISTER_STEPS: tuple[StepName, ...] = ("department", "doctor", "check", "pay", "take")


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What one page shows."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a page."""


class Counter(Part, frozen=True, kw_only=True):
    """A place with people in it: a window, the triage desk. ``open_until`` None: not known, or round the clock."""

    name: str
    name_en: str
    open_until: time | None = None


class PatientChip(Part, frozen=True, kw_only=True):
    """The person in front of the screen, masked: ``张*国``, 68, last digits of the hospital number."""

    name: str
    age: int | None
    number_tail: str


class Chrome(Part, frozen=True, kw_only=True):
    """What is around every page.

    now: the instant the page is made, in the hospital's zone.
    here: address of the page, where a switch of language or size comes back to.
    events: address of the page's server-sent events; on ``refresh`` the page asks for itself again. Empty: none.
    line_ok: False shows the banner that the line to the platform is gone.
    idle_s: None: as long as the page's kind allows; a number: that long.
    can_time_out: False while a payment or a print runs.
    card_in_reader: a card lies in the reader, so the last pages say "please take it".
    offer_elder: the card says 65 or more and nobody was asked yet: a sheet offers larger text (answer: SETTINGS mode).
    steps: the named steps of the journey; the page knows which one it is.
    window: where people help with payments and registrations; triage: where nurses help to choose.
    """

    hospital: str
    hospital_en: str
    terminal: str
    place: str
    place_en: str
    now: datetime
    here: str
    csrf: str
    window: Counter
    triage: Counter
    language: Language = "zh-CN"
    mode: Mode = "normal"
    theme: Theme = "light"
    reach: Reach = "normal"
    patient: PatientChip | None = None
    steps: tuple[StepName, ...] = ()
    events: str = ""
    line_ok: bool = True
    idle_s: int | None = None
    can_time_out: bool = True
    card_in_reader: bool = False
    offer_elder: bool = False


# ---- start


ServiceName = Literal["register", "reprint", "find_payment"]


class HomeView(View, frozen=True, kw_only=True):
    """The first page: what can be done here."""

    services: tuple[ServiceName, ...]


IdentifyProblem = Literal[
    "unreadable",  # the reader saw a card and could not read it
    "bad_check_digit",
    "unknown_number",  # no patient has this hospital number
    "window_only",  # a medium that only a window may take (passport)
    "reader_down",
    "too_many_tries",
]


class IdentifyView(View, frozen=True, kw_only=True):
    """Lay the card on the reader."""

    reader_ok: bool = True
    problem: IdentifyProblem | None = None


class NumberView(View, frozen=True, kw_only=True):
    """The hospital number, typed on the number pad; then a proof that it is one's own: the last four digits of the
    phone number, or month and day of birth."""

    stage: Literal["number", "proof"] = "number"
    number: str = ""
    problem: IdentifyProblem | None = None
    key: str


class Match(Part, frozen=True, kw_only=True):
    """One of several patients on record for one document. ``choice`` is what the form sends."""

    choice: str
    name: str
    age: int | None
    number_tail: str
    last_visit_on: date | None = None


class WhoView(View, frozen=True, kw_only=True):
    """Two patients on record for one card: which one is it?"""

    matches: tuple[Match, ...]
    key: str


PhoneProblem = Literal["not_a_phone_number"]


class FirstVisitView(View, frozen=True, kw_only=True):
    """Nobody on record yet. First the phone number is asked for, then everything is confirmed.

    phone: digits typed so far (stage ``phone``); phone_masked: ``138****5678``, empty: none was given.
    """

    stage: Literal["phone", "confirm"]
    name: str
    sex: Literal["male", "female", "unknown"]
    born_year: int | None
    card_tail: str
    phone: str = ""
    phone_masked: str = ""
    problem: PhoneProblem | None = None
    key: str


# ---- registration


class DepartmentChoice(Part, frozen=True, kw_only=True):
    """A clinic that can be chosen."""

    department_id: str
    name: str
    name_en: str
    building: str
    floor: int
    area: str


class LastVisit(Part, frozen=True, kw_only=True):
    """Where the patient was last time. ``doctor`` empty: any doctor of the department."""

    department: DepartmentChoice
    doctor: str
    title: Title
    visited_on: date
    practitioner_id: str
    here_today: bool


class DepartmentGroup(Part, frozen=True, kw_only=True):
    """A floor (``2``) or an initial (``E``) with the clinics under it."""

    at: str
    departments: tuple[DepartmentChoice, ...]


class DepartmentsView(View, frozen=True, kw_only=True):
    """Which clinic? ``at`` empty under floor and initial: choose the floor or letter first (``groups``)."""

    by: Literal["common", "floor", "initial"]
    at: str = ""
    same_as_last: LastVisit | None = None
    departments: tuple[DepartmentChoice, ...] = ()
    groups: tuple[DepartmentGroup, ...] = ()


class SessionChoice(Part, frozen=True, kw_only=True):
    """A session of the day with how many numbers all doctors together have left."""

    service_date: date
    session: SessionName
    left: int
    chosen: bool = False


class Later(Part, frozen=True, kw_only=True):
    """When a full or stopped doctor has numbers again today."""

    session: SessionName
    left: int


DoctorState = Literal["open", "full", "stopped", "closed"]
"""Numbers left; all taken; not holding his session today; too late for this session."""


class DoctorRow(Part, frozen=True, kw_only=True):
    """A doctor's session. Only ``open`` ones can be chosen."""

    schedule_id: str
    practitioner_id: str
    name: str
    title: Title
    specialty: str
    in_room: bool
    taken: int
    left: int
    fee_fen: int
    starts_at: datetime
    ends_at: datetime
    state: DoctorState
    later: Later | None = None


class DoctorsView(View, frozen=True, kw_only=True):
    """Which doctor? A chosen number is held ``hold_minutes``. The form sends ``schedule_id`` beside ``key``:
    together they make the idempotency key."""

    department: DepartmentChoice
    sessions: tuple[SessionChoice, ...]
    doctors: tuple[DoctorRow, ...]
    hold_minutes: int
    key: str


class DoctorView(View, frozen=True, kw_only=True):
    """One doctor, introduced."""

    department: DepartmentChoice
    doctor: DoctorRow
    introduction: str
    hold_minutes: int
    key: str


class Visit(Part, frozen=True, kw_only=True):
    """The registration that everything from the check page on is about.

    number: 0 while none is known. expected_from/until: when the doctor is expected to see the patient.
    """

    department: DepartmentChoice
    doctor: str
    title: Title
    room: str
    service_date: date
    session: SessionName
    expected_from: datetime | None = None
    expected_until: datetime | None = None
    number: int = 0


class CheckView(View, frozen=True, kw_only=True):
    """Everything right? Then money. The number is held until ``held_until``.

    problem: why the last try to pay ended; nothing was taken, and it can be tried again.
    """

    payment_no: str
    visit: Visit
    fee_fen: int
    held_until: datetime
    problem: Literal["declined", "expired", "unavailable"] | None = None
    key: str


class WaitView(View, frozen=True, kw_only=True):
    """Something is under way that usually takes a second; the page goes on by itself.

    ``holding``: the hospital is asked for a number · ``starting``: the channel is asked for a code ·
    ``closing``: the payment is being undone, no money is known to have been taken.
    """

    kind: Literal["holding", "starting", "closing"]
    payment_no: str
    ask_no: str
    visit: Visit
    tender: TenderName = "wechatpay"
    amount_fen: int
    since: datetime
    key: str


# ---- payment


class PayView(View, frozen=True, kw_only=True):
    """Pay by the code on the screen, or take a hold slip to the window.

    state: ``waiting`` for the payer · ``confirming``: he paid, the channel is being asked · ``unknown``: no answer yet.
    code_url: text of the code. expires_at: the code is dead from then on. since: when this state began.
    resolves_by: by then it is certain. ask_every_s: how often the platform asks. others: what could be chosen instead.
    """

    payment_no: str
    ask_no: str
    visit: Visit
    tender: TenderName
    state: Literal["waiting", "confirming", "unknown"]
    amount_fen: int
    code_url: str = ""
    expires_at: datetime
    since: datetime
    resolves_by: datetime
    ask_every_s: int = 5
    hold_slip: bool = True
    others: tuple[TenderName, ...] = ()
    key: str


class HoldSlipView(View, frozen=True, kw_only=True):
    """The number is kept and the window takes the money. No phone needed."""

    payment_no: str
    ask_no: str
    visit: Visit
    amount_fen: int
    kept_until: datetime
    printing: Printing
    key: str


class DoneView(View, frozen=True, kw_only=True):
    """It is done: the number, where to go, what is printed. ``queue_ahead`` None: the hospital does not say.
    ``printing`` None: nothing is printed by itself, because it was done some time ago."""

    payment_no: str
    ask_no: str
    visit: Visit
    amount_fen: int
    queue_ahead: int | None = None
    printing: Printing | None = None
    key: str


TroubleKind = Literal[
    "not_registered_yet",  # paid; the hospital has not answered
    "payment_unknown",  # the channel has not said whether it took the money
    "refunding",  # the number could not be had; the money is on its way back
    "refunded",
    "nothing_taken",  # code ran out or was cancelled: surely no money was taken, the number is free again
    "declined",  # the payer's bank said no; nothing was taken
    "staff_decides",  # a person looks into it, by ``resolves_by``
]


class TroubleView(View, frozen=True, kw_only=True):
    """What is known, what is not, what happens next and by when, the number to ask with and where.

    paid_at: when the channel took the money, if it is known to have. gives_back: why money goes back: the hospital
    could not give the number, the payment came too late, or the patient did not want it any more.
    """

    kind: TroubleKind
    payment_no: str
    ask_no: str
    visit: Visit
    tender: TenderName
    amount_fen: int
    paid_at: datetime | None = None
    resolves_by: datetime | None = None
    gives_back: Literal["hospital", "paid_late", "cancelled"] = "hospital"
    printing: Printing | None = None
    key: str


# ---- afterwards


SlipKind = Literal["registration", "hold", "trouble", "refund"]


class Slip(Part, frozen=True, kw_only=True):
    """A paper that can be printed again."""

    document_no: str
    kind: SlipKind
    department: DepartmentChoice
    doctor: str
    made_at: datetime
    amount_fen: int
    number: int = 0


class ReprintView(View, frozen=True, kw_only=True):
    """Which paper did not come out? ``printing``: of the one just chosen (``chosen``)."""

    slips: tuple[Slip, ...]
    chosen: str = ""
    printing: Printing | None = None
    key: str


PaymentState = Literal[
    "waiting", "checking", "registering", "done", "refunding", "refunded", "nothing_taken", "staff_decides"
]


class PaymentRow(Part, frozen=True, kw_only=True):
    """One payment of this patient, and what became of it."""

    payment_no: str
    ask_no: str
    department: DepartmentChoice
    doctor: str
    amount_fen: int
    started_at: datetime
    state: PaymentState
    resolves_by: datetime | None = None


class FindPaymentView(View, frozen=True, kw_only=True):
    """What became of my payments?"""

    payments: tuple[PaymentRow, ...]


class CallStaffView(View, frozen=True, kw_only=True):
    """Staff are called. ``nobody``: nobody answered within ``answer_s``; go to the desk."""

    state: Literal["called", "coming", "nobody"]
    called_at: datetime
    answer_s: int = 120


class ByeView(View, frozen=True, kw_only=True):
    """The session is over and wiped; a card still lies in the reader."""


class ClosedView(View, frozen=True, kw_only=True):
    """Nothing can be done here now. pairing_code: the code that staff have just entered and that is
    not valid any more; empty: none was."""

    reason: Literal["hospital_down", "platform_down", "not_paired", "locked", "maintenance"]
    opens_at: datetime | None = None
    pairing_code: str = ""


ErrorKind = Literal[
    "slot_taken",  # somebody else was faster
    "doctor_stopped",
    "already_registered",  # this patient already has this doctor's number today
    "session_closed",
    "hold_expired",
    "no_numbers",
    "hospital_unavailable",
    "payment_unavailable",  # the channel cannot be reached; nothing was taken
    "session_over",  # the patient's session ended: lay the card again
    "old_page",  # a form of another session, or sent twice in another form
    "not_found",
    "too_busy",
    "device_gone",  # reader or printer does not answer
    "unexpected",
]


class ErrorView(View, frozen=True, kw_only=True):
    """A failure in words: what happened, what happens next, where to go.

    back: the address from which it can be tried again; empty: only home. ask_no: a number to ask with, if there is one.
    alternative: when a full doctor has numbers again.
    """

    kind: ErrorKind
    back: str = ""
    ask_no: str = ""
    later: Later | None = None
