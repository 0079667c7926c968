"""What the faults of the whole share: a running platform for each worker, whole again after each test."""

import itertools
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from real_platform import RealPlatform, stop_the_platform, the_platform
from yinyi.app.embedded.postgres import EmbeddedPostgres

_names = itertools.count(1)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPlatform]:
    """All processes, this worker's own."""
    yield the_platform(lambda: tmp_path_factory.mktemp("house") / "var")
    stop_the_platform()


@pytest.fixture
def house(running: RealPlatform) -> Iterator[RealPlatform]:
    """The same; afterwards without faults, and everything answers again."""
    yield running
    running.no_faults()
    running.until_well()


@pytest.fixture
def unlogged() -> Iterator[None]:
    """Hundreds of faults, each with its trace-back: to print them takes longer than to play them."""
    with capture_logs():
        yield


@pytest.fixture
def copies(postgres: EmbeddedPostgres) -> Iterator[Callable[[str], str]]:
    """Copies of databases that nobody is connected to."""
    made: list[str] = []

    def copy(url: str) -> str:
        made.append(f"restored_{next(_names)}")
        postgres.create_database(made[-1], owner="tester", template=urlsplit(url).path[1:])
        return postgres.local_url(made[-1], "tester")

    yield copy
    for name in made:
        postgres.drop_database(name)
