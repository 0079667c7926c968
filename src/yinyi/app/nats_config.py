"""The configuration of the embedded NATS server: one user per interface, each with its own permissions."""

import json
from pathlib import Path

from yinyi.app.operations import declared_operations
from yinyi.bus.permissions import Permissions, every_account


def nats_config(passwords: dict[str, str], store_dir: Path, port: int, host: str = "127.0.0.1") -> str:
    """``passwords`` by account name. The text holds them: keep the file 0600."""
    declared_operations()  # permissions are derived from them, and this process may not have needed any yet
    users = ",\n".join(_user(account, passwords[account.account]) for account in every_account())
    return f"""\
host: {json.dumps(host)}
port: {port}
max_payload: 1MB
max_connections: 1024
write_deadline: "5s"
jetstream {{
  store_dir: {json.dumps(str(store_dir))}
  max_memory_store: 16MB
  max_file_store: 2GB
}}
authorization {{
  timeout: 5
  users = [
{users}
  ]
}}
"""


def account_names() -> list[str]:
    return [account.account for account in every_account()]


def _user(account: Permissions, password: str) -> str:
    asks = {"allow": list(account.publish)} if account.publish else {"deny": [">"]}  # an empty list allows everything
    permissions = {"publish": asks, "subscribe": {"allow": list(account.subscribe)}}
    user = {"user": account.account, "password": password, "permissions": permissions}
    return json.dumps(user, indent=2)
