"""Everything that is watched: each domain says what has to hold of it; here is the list."""

from yinyi.app.demo_hospital import ZONE
from yinyi.business.audit.invariants import AuditSealed
from yinyi.business.billing.invariants import LineRefundsAreMade
from yinyi.business.billing.plans import INVOICE
from yinyi.business.fiscal.invariants import FiscalInvoicesAreIssued
from yinyi.business.imports import takeover as imports
from yinyi.business.imports.invariants import OpeningsConfirmed
from yinyi.business.inpatient import accounts as inpatient
from yinyi.business.ledger.invariants import ledger_invariants
from yinyi.business.lines import figures as lines
from yinyi.business.lines.invariants import (
    CardDataIsForgotten,
    KeyComponentsExpire,
    LineBatchesAreSettled,
    LineDoubtsAreSeenTo,
)
from yinyi.business.news import figures as news
from yinyi.business.news.invariants import BulletinsArrive, MergedAccountsAreEmpty, NewsAreSeenTo
from yinyi.business.payments import figures as payments
from yinyi.business.payments import moves
from yinyi.business.payments.engine import Rules
from yinyi.business.payments.invariants import payment_invariants
from yinyi.business.payments.line_invariants import StuckReversalsAreLookedInto
from yinyi.business.payments.model import NO_LISTS, ListsExpected
from yinyi.business.payments.taken_list_invariants import TakenDifferencesAreSettled, TakenListsArrive
from yinyi.business.prepaid import figures as prepaid
from yinyi.business.prepaid import model as prepaid_model
from yinyi.business.prepaid.invariants import CHARGES
from yinyi.business.scheduling.invariants import StoppedSessionsBalance
from yinyi.business.scheduling.plans import APPOINTMENT, CHECKED_IN, REGISTRATION
from yinyi.business.subscriptions.invariants import NotificationsLeave
from yinyi.business.watch import figures as watch
from yinyi.business.watch.invariants import EventsLeave
from yinyi.business.watch.model import Invariant

OBLIGED = (REGISTRATION, APPOINTMENT, CHECKED_IN, INVOICE)
"""The purposes whose payments always hold an obligation."""
MOVES = moves.MOVES | prepaid_model.MOVES | inpatient.MOVES | imports.MOVES
"""All that is posted: by kind, between which accounts."""
FIGURES = (*payments.FIGURES, *prepaid.FIGURES, *lines.FIGURES, *news.FIGURES, *watch.FIGURES)


def every_invariant(rules: Rules, lists: ListsExpected = NO_LISTS) -> list[Invariant]:
    of_money = [*payment_invariants(rules, OBLIGED), *ledger_invariants(MOVES), OpeningsConfirmed(), *CHARGES]
    of_money += [TakenDifferencesAreSettled(ZONE), TakenListsArrive(lists, ZONE)]
    of_lines = [KeyComponentsExpire(), LineDoubtsAreSeenTo(), LineBatchesAreSettled(), CardDataIsForgotten()]
    of_lines += [StuckReversalsAreLookedInto()]
    of_visits = [StoppedSessionsBalance(), FiscalInvoicesAreIssued(), NotificationsLeave(), LineRefundsAreMade()]
    of_visits += [NewsAreSeenTo(), MergedAccountsAreEmpty(), BulletinsArrive()]
    return [*of_money, *of_lines, *of_visits, AuditSealed(), EventsLeave()]
