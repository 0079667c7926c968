"""A MariaDB of the machine's own programs: in a folder of its own, on loopback, gone with its parent."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pymysql

OWNER, PLATFORM = "hospital", "platform"
_PROGRAM = "mariadbd"
_SCRIPTS = Path("/usr/share/mysql")
"""Where Debian has what a new server begins with."""
_FIRST = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")
_SETTINGS = (
    "--no-defaults",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--performance-schema=off",
    "--character-set-server=utf8mb4",
    "--innodb-buffer-pool-size=24M",
    "--innodb-log-file-size=8M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--aria-pagecache-buffer-size=1M",
    "--key-buffer-size=1M",
    "--max-allowed-packet=64M",
)
"""Small, and forgetful in a power cut."""
_PATIENCE_S = 60.0
_DIES_WITH_US = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"


def found() -> str:
    """The server's program; "": this machine has none."""
    return shutil.which(_PROGRAM) or shutil.which(_PROGRAM, path="/usr/sbin:/usr/local/sbin") or ""


class MariaDbServer:
    """``start()`` and ``stop()`` it. ``password``: of ``OWNER`` and of ``PLATFORM``, who has no right yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.password = secrets.token_hex(12)

    def start(self) -> None:
        """
        Raises:
            OSError, subprocess.CalledProcessError: it does not.
        """
        data = self._folder / "data"
        data.mkdir(parents=True, mode=0o700)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        where = [f"--datadir={data}", f"--user={_account()}"]
        with (self._folder / "mariadb.log").open("wb") as log:
            first = [found(), *_SETTINGS, *where, "--bootstrap"]
            subprocess.run(first, input=self._beginning(), stdout=log, stderr=log, check=True)
            here = [f"--socket={self._folder / 's'}", f"--port={self.port}", "--bind-address=127.0.0.1"]
            run = [sys.executable, "-c", _DIES_WITH_US, found(), *_SETTINGS, *where, *here]
            self._process = subprocess.Popen(run, stdout=log, stderr=log)
        self._wait()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(_PATIENCE_S)
            self._process = None

    def connect(self, user: str = OWNER, port: int = 0) -> Any:
        """As PyMySQL does."""
        return pymysql.connect(
            host="127.0.0.1",
            port=port or self.port,
            user=user,
            password=self.password,
            charset="utf8mb4",
            autocommit=True,
        )

    def _wait(self) -> None:
        ends = time.monotonic() + _PATIENCE_S
        while time.monotonic() < ends and self._process is not None and self._process.poll() is None:
            with suppress(pymysql.MySQLError):
                self.connect().close()
                return
            time.sleep(0.05)
        raise OSError(f"MariaDB does not start: {self._folder / 'mariadb.log'}")

    def _beginning(self) -> bytes:
        scripts = [(_SCRIPTS / name).read_text(encoding="utf-8") for name in _FIRST]
        users = [f"CREATE USER '{user}'@'127.0.0.1' IDENTIFIED BY '{self.password}';" for user in (OWNER, PLATFORM)]
        rights = f"GRANT ALL ON *.* TO '{OWNER}'@'127.0.0.1' WITH GRANT OPTION;"
        lines = ["CREATE DATABASE mysql;", "USE mysql;", *scripts, "FLUSH PRIVILEGES;", *users, rights]
        return ("\n".join(lines) + "\n").encode()


def _account() -> str:
    """MariaDB runs as root only if it is told to."""
    return "root" if os.geteuid() == 0 else str(os.geteuid())
