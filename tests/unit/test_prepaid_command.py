"""``yinyi prepaid``: every account is named, and clearing goes on to the end."""

import pytest
from command_desk import Desk
from typer.testing import CliRunner

from yinyi.app.cli import application
from yinyi.app.commands import prepaid
from yinyi.business.prepaid.errors import TotalDiffers
from yinyi.business.prepaid.messages import AccountLeft, BalancesReport, ClearBalances, ListBalances
from yinyi.kernel.money import Fen


def report(total_fen: int, *patients: int, next_after: int = 0) -> BalancesReport:
    items = [
        AccountLeft(
            patient_id=each, balance_fen=Fen(100), to_origin_fen=Fen(40), patient_no=f"P{each}" if each > 1 else ""
        )
        for each in patients
    ]
    return BalancesReport(accounts=total_fen // 100, total_fen=Fen(total_fen), items=items, next_after=next_after)


def run(*words: str) -> tuple[list[str], int]:
    result = CliRunner().invoke(application("prepaid"), ["prepaid", *words])
    return result.stdout.splitlines(), result.exit_code


def test_every_account_is_named_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, prepaid, report(300, 1, 2, next_after=2), report(300, 3))
    told, code = run()
    assert desk.asked == [ListBalances(), ListBalances(after=2)]
    assert told == [
        *(f"{each}  1.00, to where it came from 0.40" for each in ("patient 1 in the index", "P2", "P3")),
        "3 accounts, 3.00 on all of them: --total-fen 300",
    ]
    assert code == 1


def test_clearing_goes_on_by_what_each_page_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = (report(250, 3, next_after=2), report(200, 4, next_after=3), report(150))
    desk = Desk(monkeypatch, prepaid, *pages, report(100), report(100), report(100, 4))
    told, code = run("clear", "--total-fen", "300", "--as", "supervisor")
    assert desk.asked == [
        ClearBalances(total_fen=Fen(300)),
        ClearBalances(total_fen=Fen(250), after=2),
        ClearBalances(total_fen=Fen(200), after=3),
        ClearBalances(total_fen=Fen(150)),
        ClearBalances(total_fen=Fen(100)),
        ListBalances(),
    ], "once more, until nothing goes back any more"
    assert told == [
        "2.00 go back to where they came from; channels take up to some days for that.",
        "P4  1.00, to where it came from 0.40",
        "What is left goes over the counter: yinyi ask WithdrawAtWindow (docs/operate/prepaid.md).",
        "1 accounts, 1.00 on all of them: --total-fen 100",
    ]
    assert (code, desk.names) == (1, ["supervisor"])


def test_without_the_total_or_with_another_one_nothing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, prepaid, TotalDiffers())
    assert run("clear")[1] != 0
    assert desk.asked == []
    assert run("clear", "--total-fen", "300")[1] != 0
    assert desk.asked == [ClearBalances(total_fen=Fen(300))]
