"""What the faults of the whole share: a running platform for each worker, whole again after each test."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from real_platform import RealPlatform, stop_the_platform, the_platform


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
