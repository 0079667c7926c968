"""All tables of the platform, and what SQLAlchemy cannot say: triggers."""

from yinyi.bus.schema import metadata
from yinyi.business.audit import tables as audit
from yinyi.business.billing import tables as billing
from yinyi.business.documents import tables as documents
from yinyi.business.fiscal import tables as fiscal
from yinyi.business.identity import tables as identity
from yinyi.business.imports import tables as imports
from yinyi.business.institutions import tables as institutions
from yinyi.business.ledger import tables as ledger
from yinyi.business.lines import key_tables as line_keys
from yinyi.business.lines import session_tables as line_sessions
from yinyi.business.news import tables as news
from yinyi.business.payments import tables as payments
from yinyi.business.prepaid import tables as prepaid
from yinyi.business.reports import tables as reports
from yinyi.business.scheduling import tables as scheduling
from yinyi.business.subscriptions import tables as subscriptions
from yinyi.business.terminals import tables as terminals
from yinyi.business.watch import tables as watch

DOMAINS = (
    *(audit, billing, documents, fiscal, identity, imports, institutions, ledger, line_keys, line_sessions, news),
    *(payments, prepaid, reports, scheduling, subscriptions, terminals, watch),
)
METADATA = metadata

TRIGGERS: tuple[str, ...] = (*ledger.TRIGGERS, *audit.TRIGGERS)
"""Statements that follow the tables."""
