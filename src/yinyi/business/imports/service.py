"""What a former system hands over: checked, proposed by one person, confirmed by another, then taken over."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Row, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.audit import store as audit
from yinyi.business.imports import store
from yinyi.business.imports.checking import (
    Balances,
    Patients,
    keep_balances,
    keep_patients,
    read_balances,
    read_patients,
)
from yinyi.business.imports.errors import (
    AccountsOff,
    CheckedTooEarly,
    FiguresDiffer,
    ImportClosed,
    ImportFaulty,
    ImportUnknown,
    LinesOutOfStep,
    NothingToImport,
)
from yinyi.business.imports.lines import balances_columns, patients_columns
from yinyi.business.imports.messages import (
    MOST_LINES,
    PROBLEMS_AT_ONCE,
    BeginImport,
    CheckLines,
    ConfirmImport,
    GetImport,
    Imports,
    ImportView,
    LinesRead,
    ListImports,
    ProblemView,
    ProposeImport,
    WithdrawImport,
)
from yinyi.business.imports.model import NO_LINES, REASONS, chained, fingerprint, same_fingerprint
from yinyi.business.prepaid.model import PrepaidMode
from yinyi.business.prepaid.store import mode
from yinyi.kernel.errors import Invalid
from yinyi.kernel.ids import random_text
from yinyi.kernel.money import Fen
from yinyi.kernel.secrets import Vault

FORGOTTEN_AFTER = timedelta(days=1)
"""A draft that nobody has proposed by then is withdrawn when the next one begins."""


class ImportService:
    """The operations. What is confirmed, ``Takeover`` takes over."""

    def __init__(self, database: Database, vault: Vault, zone: ZoneInfo) -> None:
        self._database = database
        self._vault = vault
        self._zone = zone

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(GetImport, self.get)
        dispatcher.reads(ListImports, self.list)
        dispatcher.changes(BeginImport, Change(self.begin, self._show))
        dispatcher.changes(CheckLines, Change(self.check, self._show_lines, prepare=self.read, only_reads=True))
        dispatcher.changes(ProposeImport, Change(self.propose, self._show))
        dispatcher.changes(ConfirmImport, Change(self.confirm, self._show))
        dispatcher.changes(WithdrawImport, Change(self.withdraw, self._show))

    # -- looking

    async def get(self, tx: Tx, call: Call, message: GetImport) -> ImportView:
        return await self._show(tx, call, message.import_no)

    async def _show(self, tx: Tx, call: Call, import_no: str) -> ImportView:
        run = await store.find(tx, call.hospital_id, import_no)
        if run is None:
            raise ImportUnknown
        left_out = await store.left_out(tx, run) if run["left_out"] else []
        return _view(run, left_out, await mode(tx, call.hospital_id))

    async def list(self, tx: Tx, call: Call, message: ListImports) -> Imports:
        accounts = await mode(tx, call.hospital_id)
        return Imports(imports=[_view(run, [], accounts) for run in await store.latest(tx, call.hospital_id)])

    # -- checking

    async def begin(self, tx: Tx, call: Call, message: BeginImport, facts: None) -> str:
        """
        Raises:
            HeaderWrong: a first line does not name its columns as it has to.
            Invalid: there is no file at all.
        """
        headers = (message.patients_header, message.balances_header)
        if not any(headers):
            raise Invalid("no file")
        if headers[0]:
            patients_columns(headers[0])
        if headers[1]:
            balances_columns(headers[1])
        import_no = f"{call.now.astimezone(self._zone):%y%m%d}-{random_text(6)}"
        chains = [chained(NO_LINES, [header]) if header else NO_LINES for header in headers]
        lines = [1 if header else 0 for header in headers]
        await store.drop_drafts(tx, call.hospital_id, call.now, call.now - FORGOTTEN_AFTER)
        begun = (call.principal.staff_id, call.now)
        await store.begin(tx, call.hospital_id, import_no, message.most_fen, *headers, *lines, *chains, *begun)
        return import_no

    async def read(self, call: Call, message: CheckLines) -> Patients | Balances:
        """What the lines say by themselves, in a thread of its own.

        Raises:
            ImportUnknown, LinesOutOfStep: there is no such import, or no such file in it.
        """
        async with self._database.read() as tx:
            run = await store.find(tx, call.hospital_id, message.import_no)
        if run is None:
            raise ImportUnknown
        header = run[f"{message.file}_header"]
        if not header:
            raise LinesOutOfStep("it has no such file")
        if message.file == "balances":
            return await asyncio.to_thread(read_balances, header, message.first_line, message.lines, run["most_fen"])
        today = call.now.astimezone(self._zone).date()
        return await asyncio.to_thread(read_patients, self._vault, header, message.first_line, message.lines, today)

    async def check(self, tx: Tx, call: Call, message: CheckLines, read: Patients | Balances) -> str:
        """
        Raises:
            ImportClosed: it is no draft any more.
            LinesOutOfStep: other lines were to come.
        """
        run = await self._locked(tx, call, message.import_no)
        _require(run, "draft")
        begins_too_late = isinstance(read, Patients) and run["balances_lines"] > 1
        next_line = run[f"{message.file}_lines"] + 1
        last_line = message.first_line + len(message.lines) - 1
        if begins_too_late or message.first_line != next_line or last_line > MOST_LINES:
            raise LinesOutOfStep(f"line {next_line} of {message.file} is the next")
        await store.by_index(tx)
        if isinstance(read, Patients):
            await keep_patients(tx, run, read, message.lines)
        else:
            await keep_balances(tx, run, read, message.lines)
        return f"{message.import_no}/{message.file}/{message.first_line}/{last_line}"

    async def _show_lines(self, tx: Tx, call: Call, subject: str) -> LinesRead:
        import_no, file, first_line, last_line = subject.split("/")
        run = await store.find(tx, call.hospital_id, import_no)
        if run is None:
            raise ImportUnknown
        rows = await store.problems_of(tx, run, file, int(first_line), int(last_line), PROBLEMS_AT_ONCE)
        untold = rows[0]["problems"] - len(rows) if rows else 0
        problems = sorted((_problem_view(row) for row in rows), key=lambda each: (each.line, each.field))
        return LinesRead(last_line=int(last_line), problems=problems, untold=untold)

    # -- two people

    async def propose(self, tx: Tx, call: Call, message: ProposeImport, facts: None) -> str:
        """
        Raises:
            LinesOutOfStep: there are more lines than have come.
            ImportClosed, ImportFaulty, NothingToImport, AnotherImport, CheckedTooEarly, AccountsOff.
        """
        run = await self._locked(tx, call, message.import_no)
        _require(run, "draft")
        if (run["patients_lines"], run["balances_lines"]) != (message.patients_lines, message.balances_lines):
            raise LinesOutOfStep("not all lines have come")
        if run["problems"]:
            raise ImportFaulty
        if not run["patients"] + run["balances"]:
            raise NothingToImport
        if await store.done_since(tx, run):
            raise CheckedTooEarly
        await _require_accounts(tx, run)
        await store.propose(tx, run, call.principal.person, call.now)
        await audit.append(tx, call, "imports.ProposeImport.v1", message.import_no, _figures(run))
        return message.import_no

    async def confirm(self, tx: Tx, call: Call, message: ConfirmImport, facts: None) -> str:
        """
        Raises:
            FiguresDiffer: they are not those of this import.
            SecondPersonNeeded: who has proposed it cannot confirm it.
            ImportClosed, AccountsOff.
        """
        run = await self._locked(tx, call, message.import_no)
        _require(run, "proposed")
        said = (message.patients, message.balances, message.total_fen)
        if said != (run["patients"], run["balances"], run["total_fen"]):
            raise FiguresDiffer
        if not same_fingerprint(message.fingerprint, _fingerprint(run)):
            raise FiguresDiffer("fingerprint")
        await _require_accounts(tx, run)
        people = f"{run['proposed_by']} + {call.principal.person}"
        await store.confirm(tx, run, call.principal.person, call.now)
        await audit.append(tx, call, "imports.ConfirmImport.v1", message.import_no, {**_figures(run), "people": people})
        return message.import_no

    async def withdraw(self, tx: Tx, call: Call, message: WithdrawImport, facts: None) -> str:
        """
        Raises:
            ImportClosed: it is confirmed, or withdrawn already.
        """
        run = await self._locked(tx, call, message.import_no)
        _require(run, "draft", "proposed")
        await store.withdraw(tx, run, call.principal.staff_id, call.now)
        return message.import_no

    async def _locked(self, tx: Tx, call: Call, import_no: str) -> Row:
        run = await store.lock(tx, call.hospital_id, import_no)
        if run is None:
            raise ImportUnknown
        return run


def _require(run: Row, *states: str) -> None:
    if run["state"] not in states:
        raise ImportClosed(f"it is {run['state']}")


async def _require_accounts(tx: Tx, run: Row) -> None:
    if run["balances"] and await mode(tx, run["hospital_id"]) == "off":
        raise AccountsOff


def _fingerprint(run: Row) -> str:
    return fingerprint(run["patients_chain"], run["balances_chain"], run["most_fen"])


def _figures(run: Row) -> dict[str, str | int | bool | None]:
    counts = {name: run[name] for name in ("patients", "bindings", "balances", "total_fen", "most_fen")}
    return {**counts, "fingerprint": _fingerprint(run)}


def _problem_view(row: Row) -> ProblemView:
    meaning, meaning_zh = REASONS[row["reason"]]
    return ProblemView(
        file=row["file"],
        line=row["line"],
        field=row["field"],
        reason=row["reason"],
        meaning=meaning,
        meaning_zh=meaning_zh,
        earlier_line=row["earlier_line"],
    )


def _view(run: Row, left_out: list[Row], accounts: PrepaidMode) -> ImportView:
    return ImportView(
        import_no=run["import_no"],
        state=run["state"],
        patients=run["patients"],
        bindings=run["bindings"],
        balances=run["balances"],
        empty_accounts=run["empty_accounts"],
        total_fen=Fen(run["total_fen"]),
        most_fen=Fen(run["most_fen"]),
        problems=run["problems"],
        fingerprint=_fingerprint(run),
        begun_by=run["begun_by"],
        begun_at=run["begun_at"],
        proposed_by=run["proposed_by"],
        proposed_at=run["proposed_at"],
        confirmed_by=run["confirmed_by"],
        confirmed_at=run["confirmed_at"],
        withdrawn_by=run["withdrawn_by"],
        done_at=run["done_at"],
        made=run["made"],
        bound=run["bound"],
        opened=run["opened"],
        opened_fen=Fen(run["opened_fen"]),
        accounts_off=accounts == "off" and run["state"] == "confirmed" and run["opened"] < run["balances"],
        left_out=[_problem_view(row) for row in left_out],
    )
