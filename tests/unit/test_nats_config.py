"""What the embedded bus lets each account do, as a process writes it that has imported nothing else."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

CODE = """
from pathlib import Path
from yinyi.app.nats_config import account_names, nats_config
print(nats_config(dict.fromkeys(account_names(), "secret"), Path("store"), 4222))
"""


def users() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60)
    [text] = re.findall(r"users = \[\n(.*)\n  \]", done.stdout, re.DOTALL)
    return {user["user"]: user["permissions"] for user in json.loads(f"[{text}]")}


def test_every_account_is_limited_even_one_that_may_ask_nothing(tmp_path: Path) -> None:
    """nats-server takes an empty list for "everything"."""
    for account, may in users().items():
        allowed = may["publish"].get("allow", [])
        assert allowed or may["publish"]["deny"] == [">"], account
        assert all(subject.startswith(f"op.{account}.") for subject in allowed) or account == "business"


def test_the_kiosk_may_register_and_not_read_the_books() -> None:
    allowed = users()["kiosk"]["publish"]["allow"]
    assert "op.kiosk.scheduling.RegisterToday.v1" in allowed
    assert not [subject for subject in allowed if "TrialBalance" in subject]
