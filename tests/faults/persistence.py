"""A patient who wants his number whatever happens: does what the page in front of him says, until it is over."""

import contextlib
import itertools
from collections.abc import Callable

import httpx

from kiosk_client import KioskClient
from real_platform import RealPlatform, until

FINAL = ("没有扣钱", "钱已经退回")
"""Headings of a payment that is over without a number."""
_THEIRS = """
SELECT s.schedule_id::text AS schedule_id FROM his.schedule s
WHERE s.work_date = his.today_() AND s.doctor_no IN (
  SELECT o.doctor_no FROM his.registration g JOIN his.schedule o USING (schedule_id)
  WHERE g.patient_no = $1 AND o.work_date = his.today_())
"""
"""Sessions of doctors for whom a window has sold him a number already."""


class Patient:
    """``payment_nos``: every payment he has begun. ``headings``: everything a page has said to him."""

    def __init__(self, house: RealPlatform, screen: str, who: tuple[str, str]) -> None:
        self.house = house
        self.payment_nos: list[str] = []
        self.headings: list[str] = []
        self._patient_no = who[0]
        self._client = KioskClient(house, screen)
        try:
            self._until(lambda: self._identified(*who))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._client.close()

    def hold(self, clinic: str, wanted: int = 0) -> str:
        """Takes a number, pressing again and again where the answer does not come; the payment's number."""
        client = self._client
        self._until(lambda: self._look(f"/register/doctors/{clinic}").status_code == 200)
        form = client.form("/register/hold")
        theirs = {row["schedule_id"] for row in self.house.rows(_THEIRS, self._patient_no, at="hospital")}
        doctors = [value for name, value in form.choices if name == "schedule_id" and value not in theirs]
        self._until(lambda: self._sent(lambda: client.send(form, schedule_id=doctors[wanted % len(doctors)])))
        payment_no = client.at.rpartition("/")[2]
        assert len(payment_no) == 22, f"{client.at}: {client.heading}"
        self.payment_nos.append(payment_no)
        return payment_no

    def pay(self, payment_no: str) -> str:
        """From the held number to the end, with his phone in his hand; the address of the last page."""
        self._until(lambda: self._step(payment_no))
        return self._client.at

    def shows_code(self, payment_no: str) -> str:
        """From the held number to the code; what it says."""
        self._until(lambda: self._on_code_page(payment_no))
        return code_of(self.house, payment_no)

    def cancel(self, payment_no: str) -> None:
        """At the code: does not want to pay any more."""
        self._look(f"/pay/{payment_no}")
        form = next(form for form in self._client.forms() if form.action.endswith("/cancel"))
        self._sent(lambda: self._client.send(form))

    def ends(self, payment_no: str) -> str:
        """Waits in front of the screen; the address of the last page."""
        self._until(lambda: self._over(payment_no))
        return self._client.at

    def asked(self, path: str) -> str:
        """What a page says now."""
        self._look(path)
        return self.headings[-1]

    # -- a step at a time

    def _identified(self, patient_no: str, proof: str) -> bool:
        with contextlib.suppress(AssertionError):
            self._client.identify(patient_no, proof)
        return self._client.at == "/register/departments" or "row quit" in self._client.page.text

    def _step(self, payment_no: str) -> bool:
        if self._over(payment_no):
            return True
        if self._client.at.startswith("/register/check/"):
            self._press_pay()
        elif self._client.at.startswith("/pay/"):
            code = code_of(self.house, payment_no)
            if code:
                self.house.sandbox.post("/wechatpay/phone/pay", json={"code_url": code})
        return False

    def _on_code_page(self, payment_no: str) -> bool:
        self._look(f"/pay/{payment_no}")
        if self._client.at.startswith("/register/check/"):
            self._press_pay()
        return 'class="code"' in self._client.page.text

    def _press_pay(self) -> None:
        forms = [form for form in self._client.forms() if form.action.startswith("/kiosk/pay/")]
        for form in forms:
            self._sent(lambda form=form: self._client.send(form))

    def _over(self, payment_no: str) -> bool:
        self._look(f"/pay/{payment_no}")
        at, given_up = self._client.at, 'class="scr failed"' in self._client.page.text
        return at.startswith("/done/") or self.headings[-1] in FINAL or (at.startswith("/trouble/") and given_up)

    def _look(self, path: str) -> httpx.Response:
        self._sent(lambda: self._client.get(path))
        return self._client.page

    def _sent(self, send: Callable[[], httpx.Response]) -> bool:
        """Whether it was answered with what was wanted; every other answer is a page with a sentence, too."""
        answer = send()
        assert answer.status_code in (200, 403, 404, 409, 503), f"{answer.url}: {answer.status_code}"
        assert self._client.heading, f"{answer.url} says nothing"
        self.headings.append(self._client.heading)
        return answer.status_code == 200

    def _until(self, happened: Callable[[], bool]) -> None:
        try:
            until(happened, "he is served", within_s=100)
        except AssertionError as error:
            raise AssertionError(f"{error}; the pages said {_story(self.headings)} at {self._client.at}") from None


def code_of(house: RealPlatform, payment_no: str) -> str:
    """The code of the order that can still be paid, from the channel's own list; empty if there is none."""
    found = [each for each in house.orders() if each["reference"].startswith(payment_no)]
    return next((each["code_url"] for each in found if each["state"] == "payable"), "")


def _story(headings: list[str]) -> list[str]:
    """Without repetitions."""
    return [heading for heading, _ in itertools.groupby(headings)]
