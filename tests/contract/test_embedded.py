"""The embedded servers: what each role may enter, and what a kill leaves behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from yinyi.app.embedded.folder import FolderLock, free_port, require_space
from yinyi.app.embedded.nats import EmbeddedNats, plain_config
from yinyi.app.embedded.postgres import FAST_AND_FORGETFUL, EmbeddedPostgres
from yinyi.app.errors import CannotStart

_STARTS_AND_WAITS = """
import sys
from pathlib import Path
from yinyi.app.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), tuning={"fsync": "off"}).start()
server.create_database("kept", "keeper")
print(server._running.pid, flush=True)
sys.stdin.read()
"""


def test_a_role_cannot_enter_another_roles_database(postgres: EmbeddedPostgres) -> None:
    postgres.create_databases({"ours": "us", "theirs": "them"})

    async def enter(database: str, role: str) -> str:
        connection = await asyncpg.connect(postgres.url(database, role))
        try:
            name: str = await connection.fetchval("SELECT current_database()")
            return name
        finally:
            await connection.close()

    assert asyncio.run(enter("ours", "us")) == "ours"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        asyncio.run(enter("theirs", "us"))


def test_nobody_enters_without_the_password(postgres: EmbeddedPostgres) -> None:
    address = postgres.url().replace(postgres.password("postgres"), "guess")
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(asyncpg.connect(address))


def test_kill_9_of_the_parent_ends_the_server_and_the_next_start_works(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    parent = subprocess.Popen(
        [sys.executable, "-c", _STARTS_AND_WAITS, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        assert int(parent.stdout.readline()) > 0
        parent.kill()
    with EmbeddedPostgres(folder, tuning=FAST_AND_FORGETFUL) as server:
        assert "kept" in server.execute("SELECT datname FROM pg_database")


def test_kill_9_of_the_server_itself_leaves_it_startable(tmp_path: Path) -> None:
    first = EmbeddedPostgres(tmp_path, tuning=FAST_AND_FORGETFUL).start()
    pid = int((tmp_path / "data" / "postmaster.pid").read_text().split("\n")[0])
    os.kill(pid, signal.SIGKILL)
    first.stop()
    with EmbeddedPostgres(tmp_path, tuning=FAST_AND_FORGETFUL) as second:
        assert second.execute("SELECT 1").strip() == "1"


def test_a_folder_serves_one_at_a_time(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with pytest.raises(CannotStart, match=rf"in use by another running Yinyi \(process {os.getpid()}\)"):
        EmbeddedPostgres(tmp_path).start()
    lock.release()
    FolderLock(tmp_path).release()


def test_a_cluster_of_another_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(CannotStart, match="made by PostgreSQL 14, but Yinyi runs PostgreSQL"):
        EmbeddedPostgres(tmp_path).start()


def test_passwords_are_for_their_owner_only(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    assert server.password("postgres") == server.password("postgres") != server.password("yinyi")
    folder = tmp_path / "postgres" / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_lost_passwords_are_told_apart_from_other_refusals(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, tuning=FAST_AND_FORGETFUL) as server:
        (tmp_path / "secrets" / "postgres-postgres").write_text("another\n")
        with pytest.raises(CannotStart, match="are not those that the database in"):
            server.create_database("yinyi", "yinyi")


def test_a_port_in_use_is_named(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    with pytest.raises(CannotStart, match="postgres did not start"):
        EmbeddedPostgres(tmp_path, port=postgres.port).start()


def test_nats_tells_why_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="nats-server did not start"):
        EmbeddedNats(tmp_path, "no such thing {", free_port()).start()


def test_nats_starts_again_in_the_same_folder(tmp_path: Path) -> None:
    port = free_port()
    config = plain_config({"a": "b"}, tmp_path / "store", port)
    for _ in range(2):
        with EmbeddedNats(tmp_path, config, port) as server:
            assert server.is_ready()
        assert not server.is_ready()


def test_ports_that_are_looked_for_at_once_are_not_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = [free_port() for _ in range(20)]
    another = os.getpid() + 1
    monkeypatch.setattr("os.getpid", lambda: another)
    theirs = [free_port() for _ in range(20)]
    assert len({*mine, *theirs}) == 40


def test_a_port_that_somebody_has_is_not_free() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", free_port()))
        assert holder.getsockname()[1] not in {free_port() for _ in range(100)}


def test_a_full_disk_is_told_in_megabytes(tmp_path: Path) -> None:
    with pytest.raises(
        CannotStart, match=r"The disk that holds .* is full: \d+ MB are free, 1099511627776 MB are needed"
    ):
        require_space(tmp_path, 1 << 60)


def _asked(url: str) -> str:
    async def ask() -> str:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval("SELECT coalesce(host(inet_client_addr()), 'socket')")
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_processes_of_ours_reach_it_by_a_socket_with_their_password(postgres: EmbeddedPostgres) -> None:
    postgres.create_database("near", owner="near")
    assert _asked(postgres.local_url("near", "near")) == "socket"
    assert _asked(postgres.url("near", "near")) == "127.0.0.1"
    wrong = postgres.local_url("near", "near").replace(postgres.password("near"), "guessed")
    with pytest.raises(asyncpg.InvalidPasswordError):
        _asked(wrong)


def test_a_folder_with_a_long_name_is_reached_by_loopback(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long" * 25), tuning=FAST_AND_FORGETFUL)
    with server:
        assert server.local_url("postgres", "postgres") == server.url()
        assert _asked(server.url()) == "127.0.0.1"


def test_a_socket_left_behind_does_not_stop_the_next_start(tmp_path: Path) -> None:
    """Also when somebody else has the number of the process that left it."""
    with EmbeddedPostgres(tmp_path, tuning=FAST_AND_FORGETFUL) as first:
        port, folder = first.port, first.folder
    (folder / f".s.PGSQL.{port}").touch()
    (folder / f".s.PGSQL.{port}.lock").write_text(f"{os.getpid()}\n{folder}\n0\n{port}\n{folder}\n")
    with EmbeddedPostgres(tmp_path, port=port, tuning=FAST_AND_FORGETFUL) as second:
        assert _asked(second.local_url("postgres", "postgres")) == "socket"
