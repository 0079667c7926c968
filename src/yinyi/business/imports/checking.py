"""Lines of a former system: what they say by themselves, then beside each other and beside what is on the platform."""

from collections.abc import Iterator
from datetime import date

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.business.identity import many
from yinyi.business.identity.many import SealedBinding, SealedPatient
from yinyi.business.identity.model import PatientRecord
from yinyi.business.imports import store
from yinyi.business.imports.lines import balance_line, balances_columns, patient_line, patients_columns
from yinyi.business.imports.model import BalanceLine, PatientLine, Problem, Reason, chained
from yinyi.business.ledger.store import posted
from yinyi.kernel.secrets import Vault


class Patients(msgspec.Struct, frozen=True, kw_only=True):
    """What these lines say, sealed, each with the number of its line."""

    patients: list[tuple[int, SealedPatient]]
    bindings: list[tuple[int, SealedBinding]]
    problems: list[Problem]


class Balances(msgspec.Struct, frozen=True, kw_only=True):
    """What these lines say."""

    balances: list[BalanceLine]
    problems: list[Problem]


def opening_source(patient_id: int) -> str:
    """One for each patient: his balance is opened once."""
    return f"opening:{patient_id}"


def read_patients(vault: Vault, header: str, first_line: int, lines: list[str], today: date) -> Patients:
    """By themselves. It takes its time, for sealing: not in the event loop."""
    columns = patients_columns(header)
    found = Patients(patients=[], bindings=[], problems=[])
    for number, text in _numbered(first_line, lines):
        said, problems = patient_line(columns, number, text, today)
        found.problems.extend(problems)
        if said is not None:
            found.patients.append((number, many.sealed_patient(vault, _record(said))))
            numbers = dict.fromkeys(said.numbers)
            found.bindings.extend((number, many.sealed_binding(vault, said.patient_no, *each)) for each in numbers)
    return found


def read_balances(header: str, first_line: int, lines: list[str], most_fen: int) -> Balances:
    """By themselves."""
    columns = balances_columns(header)
    found = Balances(balances=[], problems=[])
    for number, text in _numbered(first_line, lines):
        said, problems = balance_line(columns, number, text, most_fen)
        found.problems.extend(problems)
        if said is not None:
            found.balances.append(said)
    return found


def _numbered(first_line: int, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Without those that are empty."""
    return ((number, text) for number, text in enumerate(lines, start=first_line) if text.strip())


def _record(said: PatientLine) -> PatientRecord:
    return PatientRecord(
        patient_no=said.patient_no, name=said.name, sex=said.sex, born_on=said.born_on, phone=said.phone
    )


async def keep_patients(tx: Tx, run: Row, read: Patients, lines: list[str]) -> None:
    """Keep what nothing speaks against, and the problems of the rest."""
    problems = list(read.problems)
    numbers = [patient.patient_no for _, patient in read.patients]
    seen = await store.earlier_patients(tx, run, numbers)
    here = await many.patient_ids(tx, run["hospital_id"], numbers)
    fresh: list[tuple[int, SealedPatient]] = []
    for line, patient in read.patients:
        if patient.patient_no in seen:
            problems.append(_problem(line, "patient_no", "twice", seen[patient.patient_no]))
            continue
        seen[patient.patient_no] = line
        fresh.append((line, patient))
        if patient.patient_no in here:
            problems.append(_problem(line, "patient_no", "already_here"))
    lines_kept = {line for line, patient in fresh if patient.patient_no not in here}
    bindings = [each for each in read.bindings if each[0] in lines_kept]
    unbound = await _unbound(tx, run, bindings, problems)
    problems = _once(problems)
    await store.put_patients(tx, run, fresh)
    await store.put_bindings(tx, run, unbound)
    await store.put_problems(tx, run, "patients", problems)
    last_line, chain = run["patients_lines"] + len(lines), chained(run["patients_chain"], lines)
    await store.count_patients(tx, run, last_line, chain, len(problems), len(fresh), len(unbound))


async def _unbound(
    tx: Tx, run: Row, bindings: list[tuple[int, SealedBinding]], problems: list[Problem]
) -> list[tuple[int, SealedBinding]]:
    """Those that nobody else has, neither in the file nor on the platform."""
    each = [binding for _, binding in bindings]
    seen = await store.earlier_bindings(tx, run, each)
    bound = await many.bound(tx, run["hospital_id"], each)
    fresh: list[tuple[int, SealedBinding]] = []
    for line, binding in bindings:
        key = (binding.kind, binding.number_index)
        if key in seen:
            problems.append(_problem(line, binding.kind, "twice", seen[key]))
        elif key in bound:
            problems.append(_problem(line, binding.kind, "bound_here"))
        else:
            fresh.append((line, binding))
        seen.setdefault(key, line)
    return fresh


async def keep_balances(tx: Tx, run: Row, read: Balances, lines: list[str]) -> None:
    """Keep what nothing speaks against, and the problems of the rest."""
    problems = list(read.problems)
    numbers = [each.patient_no for each in read.balances]
    seen = await store.earlier_balances(tx, run, numbers)
    coming = await store.earlier_patients(tx, run, numbers)
    here = await many.patient_ids(tx, run["hospital_id"], numbers)
    opened = await posted(tx, run["hospital_id"], [opening_source(each) for each in here.values()])
    fresh: list[BalanceLine] = []
    for each in read.balances:
        if each.patient_no in seen:
            problems.append(_problem(each.line, "patient_no", "twice", seen[each.patient_no]))
            continue
        seen[each.patient_no] = each.line
        fresh.append(each)
        if each.patient_no in here:
            if opening_source(here[each.patient_no]) in opened:
                problems.append(_problem(each.line, "balance_yuan", "already_opened"))
        elif each.patient_no not in coming:
            problems.append(_problem(each.line, "patient_no", "patient_unknown"))
    problems = _once(problems)
    await store.put_balances(tx, run, fresh)
    await store.put_problems(tx, run, "balances", problems)
    last_line, chain = run["balances_lines"] + len(lines), chained(run["balances_chain"], lines)
    with_money = [each.amount_fen for each in fresh if each.amount_fen]
    counts = (len(problems), len(with_money), len(fresh) - len(with_money), sum(with_money))
    await store.count_balances(tx, run, last_line, chain, *counts)


def _once(problems: list[Problem]) -> list[Problem]:
    """As they are kept and shown: two numbers of one field that are both wrong in the same way are one problem."""
    return [*{(each.line, each.field, each.reason): each for each in reversed(problems)}.values()][::-1]


def _problem(line: int, field: str, reason: Reason, earlier_line: int = 0) -> Problem:
    return Problem(line=line, field=field, reason=reason, earlier_line=earlier_line)
