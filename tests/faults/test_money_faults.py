"""Money while a far side fails: the hospital and WeChat Pay, at every call of a registration."""

import itertools
from collections.abc import Iterator

import pytest
from persistence import Patient

import books
from kiosk_client import KioskClient, patients
from real_platform import RealPlatform, until

CLINIC = "0101"
PAID = ("钱已收到，正在通知医院", "钱收到了，号还没登记上")
_turns = itertools.count(10)


@pytest.fixture(scope="module")
def screen(running: RealPlatform) -> Iterator[str]:
    """A paired screen."""
    client = KioskClient(running)
    yield client.screen
    client.close()


@pytest.fixture
def patient(house: RealPlatform, screen: str) -> Iterator[Patient]:
    """Another one for each test."""
    who = patients(house)[next(_turns)]
    opened = Patient(house, screen, who)
    yield opened
    opened.close()


def test_hospital_down_before_the_number(house: RealPlatform, patient: Patient) -> None:
    house.hospital_down(True)
    until(lambda: patient.asked("/register/doctors/0102") == "医院系统没有答复", "it says so")
    house.hospital_down(False)
    payment_no = patient.hold(CLINIC)
    assert patient.pay(payment_no) == f"/done/{payment_no}"
    books.agree(house, payment_no)


def test_hospital_down_between_code_and_money(house: RealPlatform, patient: Patient) -> None:
    """He has paid, the hospital cannot be told: the page says what is known, and it is told in the end."""
    payment_no = patient.hold(CLINIC)
    code = patient.shows_code(payment_no)
    house.hospital_down(True)
    house.phone("pay", code)
    until(lambda: patient.asked(f"/pay/{payment_no}") in PAID, "it says so")
    house.hospital_down(False)
    assert patient.ends(payment_no) == f"/done/{payment_no}"
    books.agree(house, payment_no)


@pytest.mark.parametrize(
    ("procedure", "fault"),
    [
        ("lock_number", "lost"),
        ("confirm_registration", "lost"),
        *(pytest.param("confirm_registration", fault, marks=pytest.mark.slow) for fault in ("silent", "cut")),
    ],
)
def test_hospital_answer_lost(house: RealPlatform, patient: Patient, procedure: str, fault: str) -> None:
    house.hospital_fault(procedure, fault)
    payment_no = patient.hold(CLINIC)
    end = patient.pay(payment_no)
    assert end == f"/done/{payment_no}"
    books.agree(house, payment_no)


def test_hospital_refuses_what_is_paid(house: RealPlatform, patient: Patient) -> None:
    """The number cannot be had any more: the money goes back by itself, also when that answer is lost."""
    payment_no = patient.hold(CLINIC)
    code = patient.shows_code(payment_no)
    house.hospital_fault("confirm_registration", "refuse", times=9, code="N03")
    house.wechat_fault("refund", "lost")
    house.phone("pay", code)
    patient.ends(payment_no)
    assert patient.headings[-1] == "钱已经退回"
    assert house.phone("scan", code)["refunded_fen"] == house.phone("scan", code)["amount_fen"]
    books.agree(house, payment_no)


@pytest.mark.parametrize(
    ("at", "fault"),
    [
        *(("native", fault) for fault in ("lost", "garbage", "bad_signature", "stale")),
        *(pytest.param("query", fault, marks=pytest.mark.slow) for fault in ("lost", "down", "error")),
    ],
)
def test_wechat_answer_lost_while_taking(house: RealPlatform, patient: Patient, at: str, fault: str) -> None:
    """Asked for a code, asked whether it was paid: either the number or nothing taken, never in between."""
    house.wechat_fault("callback", "withheld")
    house.wechat_fault(at, fault, count=2)
    payment_no = patient.hold(CLINIC)
    end = patient.pay(payment_no)
    assert end == f"/done/{payment_no}"
    books.agree(house, payment_no)
