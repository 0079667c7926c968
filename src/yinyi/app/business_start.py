"""What a business process needs before it can be built: the right schema, the bus, connectors, a hospital on record."""

import asyncio
import sys
from datetime import time, timedelta
from typing import Any

from yinyi.app.bank_lines import NO_LINES, bank_lines, put_on_record
from yinyi.app.business import Business
from yinyi.app.channels import channel_of, channels_of, decoder_of, only_one
from yinyi.app.demo_hospital import HOSPITAL_ID
from yinyi.app.errors import CannotStart
from yinyi.app.master_key import master_keys
from yinyi.app.news_senders import news_settings
from yinyi.app.outside import Outside
from yinyi.app.plugins import build_plugin
from yinyi.app.protection import AskedTurns, protected
from yinyi.app.schema_version import newest, require_schema, revision_of
from yinyi.app.secret_files import private_folder
from yinyi.app.settings import Settings, has_settings
from yinyi.app.way_out import relay_of
from yinyi.bus.database import Database, open_database
from yinyi.bus.permits import Permits
from yinyi.business.institutions.model import Institution
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.means import MeansBook
from yinyi.business.prepaid import store as prepaid_store
from yinyi.business.terminals.model import Counter, Hospital, Standing
from yinyi.business.terminals.setup import add_terminal, ensure_hospital
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import Conflict
from yinyi.kernel.plugin import Surroundings
from yinyi.kernel.turns import MakeTurns

LINE = "unionpay"
"""The connector to acquirers of cards."""
NOTIFIES = "webhooks"
"""The connector to servers of institutions that are told without asking."""
TELLS = "mllp"
"""The connector to systems of the hospital that are told of visits and charges."""
SCOPES = ("outpatient", "inpatient")
DEMO_HOSPITAL = Hospital(
    hospital_id=HOSPITAL_ID,
    name="云山市人民医院",
    name_en="Yunshan People's Hospital",
    zone="Asia/Shanghai",
    window=Counter(name="一楼 3 号窗口", name_en="Window 3, ground floor"),
    triage=Counter(
        name="一楼大厅导诊台", name_en="Help desk, ground floor", open_from=time(7), open_until=time(17, 30)
    ),
)
DEMO_TERMINAL = Standing(
    terminal_id="K03", name="03 号机", place="一楼大厅", place_en="Ground floor hall", profile="hall"
)
DEMO_WINDOW = Institution(hospital_id=HOSPITAL_ID, institution_id="his", kind="hospital", name="云山市人民医院 HIS")
DEMO_BANK = Institution(hospital_id=HOSPITAL_ID, institution_id="haizhou-bank", kind="bank", name="海州银行")


async def prepared_database(settings: Settings) -> Database:
    """
    Raises:
        CannotStart: it has another schema, and this is not the first start.
    """
    if await revision_of(settings.database_url) < newest():
        await _migrate()
    await require_schema(settings.database_url)
    return await open_database(settings.database_url, size=16, name="yinyi business")


async def _migrate() -> None:
    """In a process of its own: what it imports is needed once and would stay in memory for ever."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "yinyi.app", "migrate", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    if process.returncode:
        words = said.decode(errors="replace").strip().splitlines()
        raise CannotStart(
            f"The database cannot be brought to this release: {words[-1] if words else 'no reason given'}"
        )


def outside_of(settings: Settings, clock: Clock) -> Outside:
    """The hospital's connector, the key store, and the connectors of the channels that have settings."""

    permits, relay = Permits(HOSPITAL_ID), relay_of(settings)

    def build(name: str, kind: Any, turns: MakeTurns = permits.turns) -> tuple[Any, Any]:
        callback_url = f"http://{settings.reached_at}:{settings.http_port}/callbacks/{name}"
        around = Surroundings(clock=clock, callback_url=callback_url, turns=turns, relay=relay)
        return build_plugin(name, kind, settings.folder, around)

    secrets = private_folder(settings.folder.secrets)
    around_keys = Surroundings(clock=clock, callback_url="", secrets=secrets, master_keys=master_keys())
    keys, _ = build_plugin(settings.keys, "keys", settings.folder, around_keys)

    asked = AskedTurns(permits.turns)
    hospital = protected(*build(settings.hospital, "hospital", asked), asked, clock)
    channels: dict[str, Any] = {}
    merchants: dict[tuple[str, str], str] = {}
    connected = channels_of(settings.folder)
    for name in connected:
        if channel := channel_of(name, build):
            channels[name], by_scope = channel
            merchants |= {(scope, name): scope for scope in SCOPES if scope in by_scope}
    lines = bank_lines(*build(LINE, "line")) if has_settings(settings.folder, LINE) else NO_LINES
    decoder = only_one(settings.folder, "insurance")
    names = {"hospital": settings.hospital, "keys": settings.keys, "line": LINE, "notification": NOTIFIES}
    table = MerchantTable(merchants | lines.merchants())
    return Outside(
        hospital=hospital,
        channels=channels,
        merchants=table,
        keys=keys,
        lines=lines,
        hours=settings.line_hours,
        identity_cards=settings.identity_card_kinds,
        second_print=settings.second_print,
        verify_at=settings.verify_at,
        booking=settings.booking,
        certificates=decoder_of(decoder, build),
        children=settings.children,
        charges_listed_of=settings.institutions_listed,
        taken_lists=settings.taken_lists,
        news=news_settings(settings.folder),
        bulletins=build(TELLS, "notification")[0] if has_settings(settings.folder, TELLS) else None,
        notifies=build(NOTIFIES, "notification")[0],
        permits=permits,
        means=MeansBook({name: means for name, means in connected.items() if means and name in channels}),
        names=names | {"insurance": decoder},
    )


async def first_start(settings: Settings, database: Database, business: Business, clock: Clock) -> None:
    """Put the demo hospital on record, with one terminal, windows and a bank, unless there is a hospital already."""
    async with database.transaction() as tx:
        if await tx.fetchval("SELECT count(*) FROM hospital"):
            return
        await ensure_hospital(tx, DEMO_HOSPITAL)
        await prepaid_store.set_mode(tx, HOSPITAL_ID, "collect", "first start", clock.now())
        code = await add_terminal(tx, HOSPITAL_ID, DEMO_TERMINAL, clock.now(), timedelta(days=30))
        try:
            window_secret = await business.institutions.add(tx, DEMO_WINDOW, "HMAC-SHA256", clock.now())
            bank_secret = await business.institutions.add(tx, DEMO_BANK, "FRAME-HMAC-SM3", clock.now())
        except Conflict:
            return
    lines = business.outside.lines
    if lines.terminals:
        await put_on_record(
            database, lines, business.outside.keys, DEMO_TERMINAL.terminal_id, lines.terminals[0], clock
        )
    _keep(settings, "enrolment-K03", code)
    _keep(settings, "institution-his", window_secret)
    _keep(settings, f"institution-{DEMO_BANK.institution_id}", bank_secret)


def _keep(settings: Settings, name: str, text: str) -> None:
    """A secret that another process of this machine reads, 0600."""
    path = settings.folder.secrets / name
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="ascii")
