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
    items = [AccountLeft(patient_id=each, balance_fen=Fen(100), to_origin_fen=Fen(40)) for each in patients]
    return BalancesReport(accounts=total_fen // 100, total_fen=Fen(total_fen), items=items, next_after=next_after)


def run(*words: str) -> tuple[list[str], int]:
    result = CliRunner().invoke(application("prepaid"), ["prepaid", *words])
    return result.stdout.splitlines(), result.exit_code


def test_every_account_is_named_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, prepaid, report(300, 1, 2, next_after=2), report(300, 3))
    told, code = run()
    assert desk.asked == [ListBalances(), ListBalances(after=2)]
    assert told == [
        *(f"{each}  1.00, to where it came from 0.40" for each in (1, 2, 3)),
        "3 accounts, 3.00 on all of them: --total-fen 300",
    ]
    assert code == 1


def test_clearing_goes_on_by_what_each_page_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = (report(200, 3, next_after=2), report(100, 4, next_after=3), report(0))
    desk = Desk(monkeypatch, prepaid, *pages, report(0))
    told, code = run("clear", "--total-fen", "300", "--as", "supervisor")
    assert desk.asked == [
        ClearBalances(total_fen=Fen(300)),
        ClearBalances(total_fen=Fen(200), after=2),
        ClearBalances(total_fen=Fen(100), after=3),
        ListBalances(),
    ]
    assert (told, code, desk.names) == (["0 accounts, 0.00 on all of them: --total-fen 0"], 0, ["supervisor"])


def test_without_the_total_or_with_another_one_nothing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, prepaid, TotalDiffers())
    assert run("clear")[1] != 0
    assert desk.asked == []
    assert run("clear", "--total-fen", "300")[1] != 0
    assert desk.asked == [ClearBalances(total_fen=Fen(300))]
