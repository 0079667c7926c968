"""Money while the platform's own processes are killed, frozen and restarted under load."""

import itertools
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from persistence import Patient

import books
from kiosk_client import KioskClient, patients
from real_platform import RealPlatform

CLINICS = ("0101", "0102", "0103")
_turns = itertools.count(100)


@pytest.fixture(scope="module")
def screens(running: RealPlatform) -> list[str]:
    """One on each floor."""
    paired: list[str] = []
    for floor, _ in enumerate(CLINICS):
        client = KioskClient(running, machine=f"F{floor}")
        paired.append(client.screen)
        client.close()
    return paired


class Crowd:
    """Patients who register one after the other at several screens, until told to stop."""

    def __init__(self, house: RealPlatform, screens: list[str]) -> None:
        self.ends: list[tuple[str, str]] = []
        self._enough = threading.Event()
        self._house = house
        self._people = patients(house)
        self._pool = ThreadPoolExecutor(len(screens))
        self._futures: list[Future[None]] = [
            self._pool.submit(self._come, *each) for each in zip(screens, CLINICS, strict=True)
        ]

    def leave(self) -> list[tuple[str, str]]:
        """Once the last ones are served: payment numbers, and the pages they ended at."""
        self._enough.set()
        for future in self._futures:
            future.result(150)
        self._pool.shutdown()
        return self.ends

    def _come(self, screen: str, clinic: str) -> None:
        while not self._enough.is_set():
            patient = Patient(self._house, screen, self._people[next(_turns)])
            try:
                payment_no = patient.hold(clinic, next(_turns))
                self.ends.append((payment_no, patient.pay(payment_no)))
            finally:
                patient.close()


def killed(house: RealPlatform, *parts: str) -> None:
    """One after the other, each as soon as the one before is back."""
    for part in parts:
        house.kill(part)


def frozen(house: RealPlatform, part: str, for_s: float) -> None:
    """Stands still for so long, while all others go on."""
    with house.frozen(part):
        threading.Event().wait(for_s)


DISRUPTIONS: dict[str, Callable[[RealPlatform], None]] = {
    "business killed twice": lambda house: killed(house, "business", "business"),
    "business killed again and again": lambda house: killed(house, *["business"] * 5),
    "bus killed": lambda house: killed(house, "nats"),
    "bus gone for ten seconds": lambda house: frozen(house, "nats", 10),
    "database killed": lambda house: killed(house, "postgres"),
    "business frozen longer than its lease": lambda house: frozen(house, "business", 12),
    "everything in turn": lambda house: killed(house, "postgres", "business", "nats"),
}


QUICK = ("business killed twice", "bus gone for ten seconds", "database killed")


@pytest.mark.parametrize(
    "what", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in DISRUPTIONS]
)
def test_every_payment_is_delivered_or_given_back(house: RealPlatform, screens: list[str], what: str) -> None:
    """Whatever happens while they register: nothing lost, nothing taken twice, a sentence on every page."""
    crowd = Crowd(house, screens)
    DISRUPTIONS[what](house)
    ends = crowd.leave()
    assert ends
    books.agree(house, *(payment_no for payment_no, _ in ends), within_s=100)
    delivered = [payment_no for payment_no, page in ends if page == f"/done/{payment_no}"]
    assert delivered, "nobody got his number"


@pytest.mark.slow
def test_killed_at_every_step_of_one_registration(house: RealPlatform, screens: list[str]) -> None:
    """The business process dies right after each step of the patient, and he goes on where he was."""
    patient = Patient(house, screens[0], patients(house)[next(_turns)])
    try:
        house.signal("business", signal.SIGKILL)
        payment_no = patient.hold(CLINICS[0])
        house.signal("business", signal.SIGKILL)
        code = patient.shows_code(payment_no)
        house.signal("business", signal.SIGKILL)
        house.phone("pay", code)
        assert patient.ends(payment_no) == f"/done/{payment_no}"
    finally:
        patient.close()
    books.agree(house, payment_no)
