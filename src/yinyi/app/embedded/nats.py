"""nats-server as a part of Yinyi: on loopback, by password only, gone with its parent."""

import json
import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from yinyi.app.embedded.binaries import nats_server
from yinyi.app.embedded.child import tied_to_parent
from yinyi.app.embedded.folder import MIB, FolderLock, require_space
from yinyi.app.embedded.guarded import GuardedServer
from yinyi.app.embedded.server import Command
from yinyi.app.errors import CannotStart
from yinyi.app.secret_files import private_folder

_RUNNING_BYTES = 100 * MIB


class EmbeddedNats(GuardedServer):
    """One server. ``start()`` and ``stop()`` it, or hand ``command()`` to a supervisor after ``prepare()``.

    Files: ``base_dir/nats.conf`` (0600, it holds passwords), ``base_dir/nats.log``, ``base_dir/lock``; the store is
    where the configuration says.
    """

    def __init__(self, base_dir: Path, config_text: str, port: int) -> None:
        """``port`` is the one that ``config_text`` listens on (``yinyi.app.embedded.folder.free_port``)."""
        super().__init__()
        self.base_dir = base_dir.resolve()
        self.port = port
        self._config_text = config_text

    def prepare(self) -> None:
        """Takes the folder and writes the configuration.

        Raises:
            CannotStart: the folder is in use, or cannot be written.
        """
        private_folder(self.base_dir)
        self._lock = self._lock or FolderLock(self.base_dir)
        require_space(self.base_dir, _RUNNING_BYTES)
        config = self.base_dir / "nats.conf"
        draft = self.base_dir / "nats.conf.new"
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(self._config_text)
            draft.replace(config)
        except OSError as error:
            raise CannotStart(f"The file {config} cannot be written: {error.strerror}.") from error

    def command(self) -> Command:
        """How to start the server; after ``prepare()``."""
        return Command(
            argv=[str(nats_server()), "-c", str(self.base_dir / "nats.conf")],
            log=self.base_dir / "nats.log",
            preexec=tied_to_parent(signal.SIGTERM),
            cwd=self.base_dir,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.base_dir), "GOMAXPROCS": "1"},  # waking threads costs more
        )

    def is_ready(self) -> bool:
        """Whether the server greets who connects."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                return line.recv(5) == b"INFO "
        except OSError:
            return False

    def url(self, user: str, password: str) -> str:
        """``nats://user:password@127.0.0.1:port``; both of URL-safe characters (nats-py does not unquote)."""
        return f"nats://{user}:{password}@127.0.0.1:{self.port}"


def plain_config(passwords: Mapping[str, str], store_dir: Path, port: int) -> str:
    """The least configuration: users ``{name: password}`` who may do everything, JetStream in ``store_dir``."""
    users = "\n".join(
        f"    {{ user: {json.dumps(user)}, password: {json.dumps(password)} }}"
        for user, password in sorted(passwords.items())
    )
    return (
        f'listen: "127.0.0.1:{port}"\n'
        f"jetstream {{ store_dir: {json.dumps(str(store_dir))}, max_mem: 64MB, max_file: 1GB }}\n"
        f"authorization {{\n  users = [\n{users}\n  ]\n}}\n"
    )
