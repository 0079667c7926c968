"""``yinyi import`` as a hospital types it on the night of the change, with everything real, and a process killed."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from real_platform import RealPlatform, until
from yinyi.business.imports.takeover import LINES

PEOPLE = 3000
CENTS = 1234
PIN = "271828\n"
"""Of both staff cards."""
BOM, CRLF = "\ufeff", "\r\n"
LEFT = "SELECT (SELECT count(*) FROM import_patient) + (SELECT count(*) FROM import_binding) AS waiting"
TAKEN_TO = "SELECT taken_to FROM import_run WHERE import_no = $1"
IN_THE_WAY = """
INSERT INTO patient (hospital_id, patient_no, name, sex, created_at, updated_at)
SELECT hospital_id, $2, '张明', 'unknown', $3, $3 FROM import_run WHERE import_no = $1
"""
"""Whoever takes this number over waits until it is known who was first."""
HERE = """
SELECT (SELECT count(*) FROM patient WHERE patient_no LIKE 'FS%') AS patients,
  (SELECT count(*) FROM credential WHERE kind = 'public_card') AS bindings,
  (SELECT count(*) FROM posting WHERE debit_account = 'opening:former_system') AS postings,
  (SELECT coalesce(sum(amount_fen), 0)::bigint FROM posting WHERE debit_account = 'opening:former_system') AS fen
"""


def files(folder: Path, *more: str) -> list[str]:
    """Of a former system, as its vendor has written them; the options that name them."""
    people = ["patient_no,name,phone,public_card", *(f"FS{n:05},张明,138{n:08},GJ{n:08}" for n in range(PEOPLE)), *more]
    money = ["patient_no,balance_yuan", *(f"FS{n:05},12.34" for n in range(PEOPLE))]
    (folder / "patients.csv").write_text(BOM + "".join(line + CRLF for line in people), encoding="utf-8")
    (folder / "balances.csv").write_text("\n".join(money), encoding="utf-8")
    return ["--patients", str(folder / "patients.csv"), "--balances", str(folder / "balances.csv")]


def said(done: CompletedProcess[str], code: int = 0) -> str:
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def by(house: RealPlatform, number: str, *words: str) -> CompletedProcess[str]:
    """Somebody with a staff card types it."""
    return house.command(*words, "--staff", number, typed=PIN)


@pytest.mark.slow
def test_the_night_of_the_change(house: RealPlatform, tmp_path: Path) -> None:
    what = files(tmp_path)
    nothing = dict(house.rows(HERE)[0])
    told = said(house.command("import", "check", *what), 0)
    assert f"{PEOPLE}, with {PEOPLE} documents and cards" in told
    assert "37020.00 yuan" in told
    fingerprint = re.findall(r"fingerprint +(\S+)", told)[0]
    assert dict(house.rows(HERE)[0]) == nothing

    first, second = "3021", "3022"
    for who in (first, second):
        said(house.command("staff-cards", "first", f"04A1{who}", "--staff", who, typed=PIN))
    said(house.command("ask", "SetPrepaidMode", '{"mode": "off"}'))
    assert "AccountsOff" in said(by(house, first, "import", "propose", *what), 1)
    said(house.command("ask", "SetPrepaidMode", '{"mode": "collect"}'))
    told = said(by(house, first, "import", "propose", *what))
    number = re.findall(r"Proposed as (\S+)\.", told)[0]
    figures = ["--people", str(PEOPLE), "--accounts", str(PEOPLE), "--fingerprint", fingerprint]
    confirm = ["import", "confirm", number, *figures]
    for account in ("operator", "supervisor"):
        again = by(house, first, *confirm, "--total", "37020.00", "--as", account)
        assert "SecondPersonNeeded" in said(again, 1)
    assert "FiguresDiffer" in said(by(house, second, *confirm, "--total", "37020.01"), 1)
    assert dict(house.rows(HERE)[0]) == nothing

    with ThreadPoolExecutor(1) as beside:
        with house.held(IN_THE_WAY, number, f"FS{LINES + 17:05}", house.clock.now()):
            waits = beside.submit(by, house, second, *confirm, "--total", "37,020.00")
            until(lambda: house.rows(TAKEN_TO, number)[0][0] > 1, "the first slice is taken over")
            house.kill("business")
            assert house.rows(TAKEN_TO, number)[0][0] == 1 + LINES, "it was killed within the second"
        told = said(waits.result())
    assert f"{number} is done" in told
    everything = {"patients": PEOPLE, "bindings": PEOPLE, "postings": PEOPLE, "fen": PEOPLE * CENTS}
    assert dict(house.rows(HERE)[0]) == everything
    assert house.rows(LEFT)[0]["waiting"] == 0
    assert "ledger and payments agree" in said(house.command("ledger", "verify"))
    books = said(house.command("ledger"))
    assert re.search(r"opening:former_system +37020\.00 +0\.00", books)
    assert len(re.findall(r"(?m)^prepaid:", books)) == 1, "half a million would be too many"
    until(lambda: house.command("invariants", "--now").returncode == 0, "everything holds", 90)

    told = said(house.command("import", "check", *files(tmp_path, "FS99999,王芳,13899999999")), 1)
    lines = [line for line in told.splitlines() if ", line " in line]
    assert len(lines) == 2 * PEOPLE + 1
    assert f"patients.csv, line {PEOPLE + 2}: has more or fewer fields than the header / 字段数" in told
    assert "balances.csv, line 2: balance_yuan was opened by an earlier import" in told
    assert not re.search(r"138\d{8}|GJ\d{8}|FS\d{5}", told), "no number of anybody"
    assert dict(house.rows(HERE)[0]) == everything
    assert f"{number}  done" in said(house.command("import", "list"))
    assert "confirmed    by 3022" in said(house.command("import", "show", number))
