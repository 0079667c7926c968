"""A bank's own server before all processes of the platform: it asks by REST, and keeps what it was told."""

import json
import secrets
from datetime import timedelta
from typing import Any

import httpx

from real_platform import RealPlatform
from yinyi.bus.operation import Caller
from yinyi.interface.rest.openapi import PREFIXES
from yinyi.interface.rest.server import SESSION_HEADER
from yinyi.wire import institution


class BankAtRest:
    """``icbc``; the staff has just added it."""

    def __init__(self, house: RealPlatform, institution_id: str = "icbc") -> None:
        asked = {"institution_id": institution_id, "kind": "bank", "name": "工商银行", "algorithm": "HMAC-SHA256"}
        done = house.command("ask", "AddInstitution", json.dumps(asked))
        assert done.returncode == 0, done.stderr
        self._secret = json.loads(done.stdout)["secret"]
        self._house, self._who = house, institution_id
        self._session = ""

    def comes(self, number: str) -> None:
        """Somebody who was never at the hospital."""
        who = {"by": "document", "number": number, "name": "欧阳若兮"}
        ticket = self.answered("IdentifyHolder", who)["ticket"]
        made = self.answered("RegisterPatient", {"ticket": ticket, "phone": "13800000000"}, f"key-first-{number}")
        self._session = made["session_token"]

    def answered(self, operation: str, body: dict[str, Any], key: str = "") -> Any:
        answer = self.ask(operation, body, key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, operation: str, body: dict[str, Any], key: str = "") -> httpx.Response:
        path, raw = PREFIXES[Caller.INSTITUTION] + operation, json.dumps(body).encode()
        timestamp, nonce = institution.timestamp_of(self._house.clock.now()), secrets.token_hex(16)
        signed = institution.path_of_request(path, self._session, key)
        headers = {
            "content-type": "application/json",
            "x-yinyi-institution": self._who,
            "x-yinyi-timestamp": timestamp,
            "x-yinyi-nonce": nonce,
            "x-yinyi-signature": institution.sign("HMAC-SHA256", self._secret, "POST", signed, timestamp, nonce, raw),
        }
        headers |= {SESSION_HEADER: self._session} if self._session else {}
        return self._house.http.post(path, content=raw, headers=headers | ({"idempotency-key": key} if key else {}))

    def registers(self, department_id: str) -> dict[str, Any]:
        """A number is held; its payment."""
        for each in self._house.hospital("schedules", department=department_id):
            wanted = {"department_id": department_id, "schedule_id": each["schedule_id"]}
            held = self.ask("RegisterToday", wanted, f"key-{secrets.token_hex(8)}")
            if held.status_code == 200:
                return held.json()["payment"]
        raise AssertionError("nothing is sold")

    def taken(self, payment: dict[str, Any], reference: str) -> dict[str, Any]:
        now = self._house.clock.now() - timedelta(seconds=1)
        return {
            "payment_no": payment["payment_no"],
            "reference": reference,
            "amount_fen": payment["owed_fen"],
            "taken_at": now.isoformat(timespec="seconds"),
            "taken_on": f"{now:%Y-%m-%d}",
        }
