"""PostgreSQL as a part of Yinyi: in a folder of its own, on loopback, by password only, gone with its parent."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from yinyi.app.embedded.binaries import postgres_binaries, postgres_major
from yinyi.app.embedded.child import tied_to_parent
from yinyi.app.embedded.folder import MIB, FolderLock, free_port, require_space
from yinyi.app.embedded.guarded import GuardedServer
from yinyi.app.embedded.identity import Identity, identity_for
from yinyi.app.embedded.leftovers import clear_after_predecessor, drop_sockets, working_in
from yinyi.app.embedded.server import Command
from yinyi.app.errors import CannotStart
from yinyi.app.secret_files import private_folder, secret

SUPERUSER = "postgres"
FAST_AND_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "scram_iterations": "1"}
"""For tests only: a power cut may lose everything."""

_SOCKET_NAME_BYTES = 107
"""Of an address in the file system (unix(7), sun_path), without its end mark."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FRESH_BYTES = 400 * MIB
_RUNNING_BYTES = 100 * MIB
_TUNING = {
    "shared_buffers": "48MB",
    "max_connections": "120",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "max_wal_senders": "3",
    "max_slot_wal_keep_size": "1GB",
    "autovacuum_max_workers": "1",
    "huge_pages": "off",
    "jit": "off",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "listen_addresses": "127.0.0.1",
}
_ENSURE_ROLE = r"""
SELECT count(*) = 0 AS role_missing FROM pg_roles WHERE rolname = :'owner' \gset
\if :role_missing
CREATE ROLE :"owner" LOGIN PASSWORD :'password';
\endif
"""
_ENSURE_DATABASE = r"""
SELECT count(*) = 0 AS database_missing FROM pg_database WHERE datname = :'name' \gset
\if :database_missing
CREATE DATABASE :"name" OWNER :"owner" TEMPLATE :"template";
\endif
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
"""
_TUNING_18 = {"io_method": "sync", "autovacuum_worker_slots": "2"}


class EmbeddedPostgres(GuardedServer):
    """One server. ``start()`` and ``stop()`` it, or hand ``command()`` to a supervisor after ``prepare()``.

    Files: ``base_dir/data`` (the cluster), ``base_dir/postgres.log``, ``base_dir/lock``; passwords, one file for each
    role, in ``secrets_dir`` (``base_dir/secrets`` unless told otherwise).
    """

    patience_s = 30

    def __init__(
        self,
        base_dir: Path,
        port: int = 0,
        tuning: Mapping[str, str] | None = None,
        secrets_dir: Path | None = None,
        cluster: str = "data",
    ) -> None:
        """``port`` 0 takes a free one; ``tuning`` are server settings that go before Yinyi's own; ``cluster`` is
        another name for ``data``, for one that is not in use yet, or not any more."""
        super().__init__()
        self.base_dir = base_dir.resolve()
        self.port = port or free_port()
        self._secrets_dir = secrets_dir or self.base_dir / "secrets"
        self._cluster = cluster
        self._tuning = dict(tuning or {})
        self._identity: Identity | None = None

    def prepare(self) -> None:
        """Takes the folder, makes the cluster at the first start, and waits for a server of an earlier start to end.

        Raises:
            CannotStart: the folder is in use, the disk is full, the cluster is another version's, …
        """
        private_folder(self.base_dir)
        self._lock = self._lock or FolderLock(self.base_dir)
        identity = identity_for(postgres_binaries(), self.base_dir)
        self._identity = identity
        data = self.cluster
        if not (data / "PG_VERSION").exists():
            require_space(identity.folder, _FRESH_BYTES)
            self._make_cluster(identity, data)
        require_space(data, _RUNNING_BYTES)
        _require_version(data, postgres_major(identity.binaries))
        clear_after_predecessor(data)
        drop_sockets(identity.folder)

    def command(self) -> Command:
        """How to start the server; after ``prepare()``."""
        identity = self._prepared()
        sockets = {"unix_socket_directories": str(identity.folder) if self._has_socket else ""}
        settings = _TUNING | sockets | (_TUNING_18 if postgres_major(identity.binaries) >= 18 else {}) | self._tuning
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            argv=[str(identity.binaries / "postgres"), "-D", str(self.cluster), "-p", str(self.port), *flags],
            log=self.base_dir / "postgres.log",
            preexec=tied_to_parent(signal.SIGINT, identity.enter),
            cwd=identity.folder,
            env=_environment(identity.folder),
            stop_with=signal.SIGINT,
        )

    def is_ready(self) -> bool:
        """Whether the server takes connections."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def attach(self) -> bool:
        """Instead of ``start()``: talk to the server that another process of ours keeps; False when none is ready."""
        self.locate()
        if not self.is_ready() or not working_in(self.cluster):
            return False
        self.port = int((self.cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n")[3])
        return True

    def locate(self) -> None:
        """Find out where ``cluster`` and the programs are, without taking the folder."""
        self._identity = self._identity or identity_for(postgres_binaries(), self.base_dir)

    @property
    def runs_as_another(self) -> bool:
        """The server's account is not ours; after ``locate()``."""
        return self._prepared().owner is not None

    @property
    def cluster(self) -> Path:
        """The folder that the server works in; after ``locate()`` or ``prepare()``."""
        return self.folder / self._cluster

    @property
    def folder(self) -> Path:
        """Where clusters lie; not ``base_dir`` where the server's account may not enter that. After ``locate()``."""
        return self._prepared().folder

    def give(self, path: Path) -> None:
        """Hands what we made to the account that the server runs as; after ``locate()``."""
        for each in (path, *path.rglob("*")) if path.is_dir() else (path,):
            self._prepared().give(each)

    def run_client(self, program: str, *arguments: str, timeout_s: float = 6 * 3600) -> None:
        """One of PostgreSQL's own client programs, as superuser of this server.

        Raises:
            CannotStart: it is missing, or ended with an error; with its words.
        """
        done = subprocess.run(
            [self.program(program), *arguments],
            text=True,
            capture_output=True,
            timeout=timeout_s,
            env=_environment(self.base_dir) | self.client_environment(),
        )
        if done.returncode:
            raise CannotStart(f"{program} did not succeed: {_first_error(done.stderr)}")

    def program(self, name: str) -> Path:
        """
        Raises:
            CannotStart: this PostgreSQL has no such program.
        """
        path = self._prepared().binaries / name
        if not path.exists():
            raise CannotStart(f"The PostgreSQL in {path.parent} has no {name}; install its client programs.")
        return path

    def client_environment(self) -> dict[str, str]:
        """For PostgreSQL's own client programs."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": SUPERUSER,
            "PGPASSWORD": self.password(SUPERUSER),
        }

    def url(self, database: str = "postgres", role: str = SUPERUSER) -> str:
        """``postgresql://role:password@127.0.0.1:port/database``."""
        return f"postgresql://{role}:{self.password(role)}@127.0.0.1:{self.port}/{database}"

    def local_url(self, database: str, role: str) -> str:
        """The same by a socket in the server's folder, which costs a third less than loopback; by loopback where the
        folder's name is too long for one."""
        private_folder(self.base_dir)
        self.locate()
        if not self._has_socket:
            return self.url(database, role)
        folder = quote(str(self.folder), safe="")
        return f"postgresql://{role}:{self.password(role)}@/{database}?host={folder}&port={self.port}"

    @property
    def _has_socket(self) -> bool:
        return len(os.fsencode(self.folder / ".s.PGSQL.65535")) <= _SOCKET_NAME_BYTES

    def password(self, role: str) -> str:
        """The role's password; made when there is none yet."""
        return secret(self._secrets_dir, f"postgres-{_checked(role)}")

    def create_database(self, name: str, owner: str, template: str = "template0") -> None:
        """Makes the role (log-in by password) and the database, which only its owner enters; what exists stays.

        Raises:
            CannotStart: the server refuses.
        """
        self.create_databases({name: owner}, template)

    def create_databases(self, owners: Mapping[str, str], template: str = "template0") -> None:
        """The same for several at once: ``{database: owner}``."""
        lines: list[str] = []
        for name, owner in owners.items():
            lines.append(self._ensuring_role(owner))
            lines.append(f"\\set name {_checked(name)}\n\\set template {_checked(template)}\n{_ENSURE_DATABASE}")
        self.execute("".join(lines))

    def create_role(self, role: str) -> None:
        """Makes a role that may log in by its password and owns nothing; one that exists stays."""
        self.execute(self._ensuring_role(role))

    def drop_database(self, name: str) -> None:
        """Takes the database away, whoever is connected to it; none there is fine."""
        self.execute(f"DROP DATABASE IF EXISTS {_checked(name)} WITH (FORCE);")

    def execute(self, script: str, database: str = "postgres") -> str:
        """Runs a psql script as superuser, stopping at the first error; gives what it printed, unaligned.

        Raises:
            CannotStart: an error, with the server's words.
        """
        identity = self._prepared()
        done = subprocess.run(
            [identity.binaries / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database],
            input=script,
            text=True,
            capture_output=True,
            timeout=60,
            env=_environment(identity.folder) | self.client_environment(),
        )
        if "password authentication failed" in done.stderr:
            raise CannotStart(
                f"The passwords in {self._secrets_dir} are not those that the database in {identity.folder} was made "
                "with: put them back, or move that folder away to begin anew."
            )
        if done.returncode:
            raise CannotStart(f"PostgreSQL refused: {_first_error(done.stderr)}")
        return done.stdout

    def _ensuring_role(self, role: str) -> str:
        return f"\\set owner {_checked(role)}\n\\set password {self.password(role)}\n{_ENSURE_ROLE}"

    def _prepared(self) -> Identity:
        assert self._identity is not None, "prepare() comes first"
        return self._identity

    def _make_cluster(self, identity: Identity, data: Path) -> None:
        """Under another name first, so that a crash in the middle leaves nothing that looks finished."""
        draft = data.with_name("data.new")
        shutil.rmtree(draft, ignore_errors=True)
        password_file = identity.folder / "password.new"
        password_file.unlink(missing_ok=True)
        try:
            with open(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(self.password(SUPERUSER))
            identity.give(password_file)
            _initdb(identity, draft, password_file)
            draft.rename(data)
        except OSError as error:
            raise CannotStart(f"The folder {identity.folder} cannot be written: {error.strerror}.") from error
        finally:
            password_file.unlink(missing_ok=True)


def _initdb(identity: Identity, draft: Path, password_file: Path) -> None:
    done = subprocess.run(
        [
            *(identity.binaries / "initdb", "-D", draft, "-U", SUPERUSER, "-A", "scram-sha-256"),
            *(f"--pwfile={password_file}", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"),
        ],
        cwd=identity.folder,
        env=_environment(identity.folder),
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=tied_to_parent(signal.SIGKILL, identity.enter),
    )
    if done.returncode == 0:
        return
    shutil.rmtree(draft, ignore_errors=True)
    if "No space left on device" in done.stderr or "could not extend file" in done.stderr:
        raise CannotStart(f"The disk that holds {identity.folder} is full: the database could not be made.")
    raise CannotStart(f"The database could not be made: {_first_error(done.stderr)}")


def _require_version(data: Path, major: int) -> None:
    found = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != str(major):
        raise CannotStart(
            f"The database in {data} was made by PostgreSQL {found}, but Yinyi runs PostgreSQL {major}: "
            "move it with pg_upgrade or pg_dump, or choose another folder with YINYI_DATA_DIR."
        )


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder)}


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a plain SQL name: {name!r}")
    return name


def _first_error(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "FATAL" in line]
    return (telling or lines or ["it did not say why."])[0]
