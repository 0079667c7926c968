"""What staff ask about the takeover from a former system."""

from datetime import datetime
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.imports.errors import (
    AccountsOff,
    AnotherImport,
    CheckedTooEarly,
    FiguresDiffer,
    HeaderWrong,
    ImportClosed,
    ImportFaulty,
    ImportUnknown,
    LinesOutOfStep,
    NothingToImport,
)
from yinyi.business.imports.model import ImportFile, ImportState, Reason
from yinyi.kernel.errors import SecondPersonNeeded
from yinyi.kernel.money import Fen

MOST_LINES = 2_000_000
LINE_LETTERS = 4000
LINES_AT_ONCE = 1000
PROBLEMS_AT_ONCE = 2000
"""So that the reply stays below a megabyte."""

ImportNo = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Z-]{4,20}(?![\s\S])")]
Line = Annotated[str, msgspec.Meta(max_length=LINE_LETTERS)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10 * MOST_LINES)]
LineNo = Annotated[int, msgspec.Meta(ge=0, le=MOST_LINES)]
Limit = Annotated[Fen, msgspec.Meta(ge=1, le=10_000_000_00)]


class ProblemView(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line cannot be taken over, never what stands in it: ``field`` ``meaning``, in two languages.
    ``earlier_line``: 0, or where the same stands, too."""

    file: ImportFile
    line: int
    field: str
    reason: Reason
    meaning: str
    meaning_zh: str
    earlier_line: int = 0


class ImportView(msgspec.Struct, frozen=True, kw_only=True):
    """One import. ``patients``, ``bindings``, ``balances``, ``total_fen``: what its files say. ``empty_accounts``: with
    0.00; nothing is opened for them. ``most_fen``: the limit for one account. ``problems``: how many there are.
    ``fingerprint``: of the lines of both files and of the limit. ``made``, ``bound``, ``opened``, ``opened_fen``: how
    far it is taken over. ``accounts_off``: it waits with the rest of its balances until accounts are not off any more.
    ``left_out``: bindings that somebody else has got meanwhile, the first hundred."""

    import_no: str
    state: ImportState
    patients: int
    bindings: int
    balances: int
    empty_accounts: int
    total_fen: Fen
    most_fen: Fen
    problems: int
    fingerprint: str
    begun_by: str
    begun_at: datetime
    proposed_by: str | None = None
    proposed_at: datetime | None = None
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None
    withdrawn_by: str | None = None
    done_at: datetime | None = None
    made: int = 0
    bound: int = 0
    opened: int = 0
    opened_fen: Fen = Fen(0)
    accounts_off: bool = False
    left_out: list[ProblemView] = []


class Imports(msgspec.Struct, frozen=True, kw_only=True):
    """The latest twenty, newest first."""

    imports: list[ImportView]


class LinesRead(msgspec.Struct, frozen=True, kw_only=True):
    """``last_line``: up to there this file was read. ``problems``: of these lines, at least one for each that has any;
    ``untold``: so many more."""

    last_line: int
    problems: list[ProblemView]
    untold: int = 0


@operation(callers=[Caller.STAFF], changes=True, errors=(HeaderWrong,))
class BeginImport(Operation[ImportView], frozen=True, kw_only=True):
    """Begin to check the files of a former system, by their first lines; empty: there is no such file. Nothing of it is
    taken over before two people have said so. ``most_fen``: no account may have more."""

    patients_header: Line = ""
    balances_header: Line = ""
    most_fen: Limit = Fen(20_000_00)


@operation(callers=[Caller.STAFF], changes=True, errors=(ImportUnknown, ImportClosed, LinesOutOfStep))
class CheckLines(Operation[LinesRead], frozen=True, kw_only=True):
    """The next lines of a file, without their ends, in order, and all patients before the first balance. The header is
    line 1."""

    import_no: ImportNo
    file: ImportFile
    first_line: Annotated[int, msgspec.Meta(ge=2, le=MOST_LINES)]
    lines: Annotated[list[Line], msgspec.Meta(min_length=1, max_length=LINES_AT_ONCE)]


@operation(
    callers=[Caller.STAFF],
    changes=True,
    by_person=True,
    errors=(
        *(ImportUnknown, ImportClosed, ImportFaulty, NothingToImport, LinesOutOfStep),
        *(AnotherImport, CheckedTooEarly, AccountsOff),
    ),
)
class ProposeImport(Operation[ImportView], frozen=True, kw_only=True):
    """The first of two people wants what was checked, all of it, taken over. The line numbers say that it is all."""

    import_no: ImportNo
    patients_lines: LineNo
    balances_lines: LineNo


@operation(
    callers=[Caller.STAFF],
    money=True,
    by_person=True,
    errors=(ImportUnknown, ImportClosed, FiguresDiffer, SecondPersonNeeded, AccountsOff),
)
class ConfirmImport(Operation[ImportView], frozen=True, kw_only=True):
    """The second person says the same figures, from the former system's own report. From here on it is taken over, in
    slices, whatever stops meanwhile; each balance is opened once."""

    import_no: ImportNo
    patients: Count
    balances: Count
    total_fen: Annotated[Fen, msgspec.Meta(ge=0, le=10**15)]
    fingerprint: Annotated[str, msgspec.Meta(min_length=16, max_length=40)]


@operation(callers=[Caller.STAFF], changes=True, errors=(ImportUnknown, ImportClosed))
class WithdrawImport(Operation[ImportView], frozen=True, kw_only=True):
    """Nothing of it is taken over; not any more once it is confirmed."""

    import_no: ImportNo


@operation(callers=[Caller.STAFF], errors=(ImportUnknown,))
class GetImport(Operation[ImportView], frozen=True, kw_only=True):
    """How far it is."""

    import_no: ImportNo


@operation(callers=[Caller.STAFF])
class ListImports(Operation[Imports], frozen=True, kw_only=True):
    """What was checked, proposed and taken over."""
