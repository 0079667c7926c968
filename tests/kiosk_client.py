"""The kiosk without a browser: its pages over HTTP, its forms filled in as they stand, as fast as anybody can press."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

from real_platform import RealPlatform


@dataclass
class Form:
    """``fields``: hidden and typed ones. ``choices``: the buttons that send something."""

    action: str
    fields: dict[str, str] = field(default_factory=dict[str, str])
    choices: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    actions: list[str] = field(default_factory=list[str])


class Forms(HTMLParser):
    """All forms of a page; inputs outside of one belong to the form they name."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.heading = ""
        self._named: dict[str, Form] = {}
        self._loose: list[tuple[str, str, str]] = []
        self._open: Form | None = None
        self._in_heading = False
        self.feed(html)
        for form, name, value in self._loose:
            self._named[form].fields[name] = value

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(told.get("action", ""))
            self.forms.append(self._open)
            self._named[told.get("id", "")] = self._open
        elif tag == "h1":
            self._in_heading = True
        elif tag == "input" and "form" in told:
            self._loose.append((told["form"], told["name"], told.get("value", "")))
        elif self._open is not None and tag == "input":
            self._open.fields[told.get("name", "")] = told.get("value", "")
        elif self._open is not None and tag == "button":
            if "name" in told:
                self._open.choices.append((told["name"], told.get("value", "")))
            if "formaction" in told:
                self._open.actions.append(told["formaction"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "h1":
            self._in_heading = False

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.heading += data.strip()


class KioskClient:
    """One screen. Redirects are followed; ``page`` is what came last."""

    def __init__(self, house: RealPlatform, screen: str = "", machine: str = "") -> None:
        """``screen``: an earlier client's. ``machine``: a new one of this name; else the one with the devices."""
        self.http = httpx.Client(base_url=house.base, timeout=30, trust_env=False, follow_redirects=True)
        if screen:
            self.http.cookies.set("yinyi_screen", screen, domain="127.0.0.1", path="/kiosk")
        else:
            self.get(f"/?pair={house.other_machine(machine) if machine else house.pairing_code()}")

    def close(self) -> None:
        self.http.close()

    @property
    def screen(self) -> str:
        """The cookie of the pairing, for another client on the same screen."""
        return self.http.cookies["yinyi_screen"]

    @property
    def at(self) -> str:
        """Where the last answer came from, below /kiosk."""
        return self.page.url.path.removeprefix("/kiosk")

    @property
    def heading(self) -> str:
        return Forms(self.page.text).heading

    def get(self, path: str) -> httpx.Response:
        self.page = self.http.get(f"/kiosk{path}")
        return self.page

    def forms(self) -> list[Form]:
        return Forms(self.page.text).forms

    def form(self, action: str) -> Form:
        """The first one that goes to such an address."""
        found = [form for form in self.forms() if form.action.startswith(f"/kiosk{action}")]
        assert found, f"no form to {action} on {self.page.url}: {self.heading}"
        return found[0]

    def send(self, form: Form, to: str = "", **changed: str) -> httpx.Response:
        """The form, with these fields changed; ``to``: another address below /kiosk."""
        address = f"/kiosk{to}" if to else form.action
        self.page = self.http.post(address, data={**form.fields, **changed})
        return self.page

    # -- whole ways

    def identify(self, patient_no: str, proof: str) -> None:
        """From anywhere to the clinics, with the hospital's number."""
        self.get("/register?no_paper=1")
        self.get("/identify/number")
        self.send(self.form("/identify/number"), number=patient_no)
        self.send(self.form("/identify/number"), proof=proof)
        assert self.at == "/register/departments", self.heading

    def hold(self, clinic: str, wanted: int = 0) -> str:
        """A number of this clinic, of the doctor at this place in the list; the payment's number."""
        self.get(f"/register/doctors/{clinic}")
        form = self.form("/register/hold")
        doctors = [value for name, value in form.choices if name == "schedule_id"]
        self.send(form, schedule_id=doctors[wanted % len(doctors)])
        assert self.at.startswith("/register/check/"), f"{self.at}: {self.heading}"
        return self.at.rpartition("/")[2]

    def show_code(self, payment_no: str) -> None:
        """From the check page to the code, or to where it is being made."""
        self.get(f"/register/check/{payment_no}")
        self.send(self.form("/pay/"))


_PATIENTS = """
SELECT patient_no, right(phone, 4) AS proof FROM his.patient
WHERE made_by LIKE 'seed%' AND phone <> '' ORDER BY patient_no
"""


def patients(house: RealPlatform) -> list[tuple[str, str]]:
    """Numbers of the hospital's patients with the proof that they are one's own."""
    rows = house.rows(_PATIENTS, at="hospital")
    return [(row["patient_no"], row["proof"]) for row in rows]
