"""What tests share: one PostgreSQL and one nats-server for each xdist worker, a fresh database for each test."""

import asyncio
import gc
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from yinyi.app.embedded.folder import MIB, free_port, memory_folder
from yinyi.app.embedded.nats import EmbeddedNats, plain_config
from yinyi.app.embedded.postgres import FAST_AND_FORGETFUL, EmbeddedPostgres
from yinyi.app.migrations import upgrade

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Script = Callable[[str], None]
_numbers = itertools.count(1)
_used: list[str] = []
"""The latest copy of the template: it goes when the next one comes."""
BY_CHANCE = 2
"""So many tests of a whole run may have needed a second go; more are no chance."""

settings.register_profile("whole", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("whole"), max_examples=30)
"""The same examples on every machine, however slow it is; `make test` tries the first of them."""

gc.set_threshold(20_000, 20, 20)
"""Of the little that tests leave in circles, not much is worth looking for every seven hundred objects."""

_PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _PLAIN])
"""Hundreds of tests make something fail that is logged; trace-backs drawn in frames took longer than the tests."""


NEEDS_ACTIVEMQ = "contract/test_queue_activemq.py"
JARS = Path("/usr/share/java/activemq-broker.jar")
HAS_ACTIVEMQ = JARS.exists() and shutil.which("javac") is not None
NEEDS_MARIADB = "contract/test_hospital_mariadb.py"
HAS_MARIADB = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None
collect_ignore = [
    *([] if HAS_ACTIVEMQ else [NEEDS_ACTIVEMQ]),
    *([] if HAS_MARIADB else [NEEDS_MARIADB]),
]


def pytest_configure(config: pytest.Config) -> None:
    """What tests write goes to memory where there is room for it: a copy of a database is a thousand small files."""
    settings.load_profile("quick" if "not slow" in config.option.markexpr else "whole")
    memory = memory_folder(4096 * MIB)
    if memory is None or hasattr(config, "workerinput") or config.option.basetemp:
        return
    config.option.basetemp = tempfile.mkdtemp(prefix="yinyi-tests-", dir=memory)
    config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))


def _second_goes(config: pytest.Config) -> list[pytest.TestReport]:
    """What failed at first and was tried once more (``make test``)."""
    reporter: Any = config.pluginmanager.getplugin("terminalreporter")
    return reporter.stats.get("rerun", []) if reporter else []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if len(_second_goes(session.config)) > BY_CHANCE and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Shows why each of them failed at first: one that passes at its second go is a fault to be found, not a pass."""
    if not HAS_ACTIVEMQ:
        command = "apt-get install activemq default-jdk-headless"
        terminalreporter.write_line(f"left out: tests/{NEEDS_ACTIVEMQ} needs ActiveMQ and javac: {command}")
    if not HAS_MARIADB:
        command = "apt-get install mariadb-server-core"
        terminalreporter.write_line(f"left out: tests/{NEEDS_MARIADB} and `mariadb` of every port needs it: {command}")
    goes = _second_goes(config)
    for report in goes:
        terminalreporter.section(f"needed a second go: {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)
        for title, text in report.sections:
            terminalreporter.write_line(f"--- {title}\n{text}")
    if len(goes) > BY_CHANCE:
        terminalreporter.section(f"{len(goes)} tests needed a second go: that is no chance, the run fails")


@pytest.fixture
def run() -> Run:
    """Runs a coroutine to its end in an event loop of its own."""
    return asyncio.run


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server of this worker's own, with fsync off."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), tuning=FAST_AND_FORGETFUL) as server:
        yield server


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The address of an empty database that is this test's own."""
    name = f"test_{next(_numbers)}"
    postgres.create_database(name, owner="tester")
    yield postgres.local_url(name, "tester")
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bus of this worker's own, with JetStream, whose one user may do everything."""
    folder, port = tmp_path_factory.mktemp("nats"), free_port()
    config = plain_config({"tester": "tester"}, folder / "store", port)
    with EmbeddedNats(folder, config, port) as server:
        yield server.url("tester", "tester")


@pytest.fixture(scope="session")
def platform_template(postgres: EmbeddedPostgres) -> str:
    """A database with the platform's schema, made once for each worker, to be copied."""
    name = "platform_template"
    postgres.create_database(name, owner="tester")
    upgrade(postgres.url(name, "tester"))
    return name


@pytest.fixture(scope="session")
def psql(postgres: EmbeddedPostgres) -> Iterator[Script]:
    """Runs scripts as superuser, all in one session: to start psql takes as long as half a copy of a database."""
    told = subprocess.PIPE
    with subprocess.Popen(
        [postgres.program("psql"), "-XqAt", "-d", "postgres"],
        env=os.environ | postgres.client_environment(),
        stdin=told,
        stdout=told,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        to, said = process.stdin, process.stdout

        def run(script: str) -> None:
            to.write(f"{script}\\echo done\n")
            to.flush()
            complaints = list(itertools.takewhile(lambda line: line != "done\n", said))
            assert complaints == []

        yield run


@pytest.fixture
def platform_url(postgres: EmbeddedPostgres, psql: Script, platform_template: str) -> str:
    """The address of a database with the platform's schema and nothing in it."""
    name = f"platform_{next(_numbers)}"
    psql(
        "".join(f"DROP DATABASE {used} WITH (FORCE);\n" for used in _used)
        + f"CREATE DATABASE {name} OWNER tester TEMPLATE {platform_template} STRATEGY FILE_COPY;\n"
        + f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;\n"
    )
    _used[:] = [name]
    return postgres.local_url(name, "tester")
