"""A bus and a hall with terminals for those who ask for one.

What a port promises is looked at over MariaDB in `make test-all`; `make test` has ``test_hospital_mariadb.py``. By
templates only what differs from other web services is looked at each time.
"""

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from bus_stage import Bus
from terminal_hall import Hall, hall

from yinyi.app.embedded.folder import free_port

Run = Callable[[Coroutine[Any, Any, None]], None]
Test = Callable[[Hall], Coroutine[Any, Any, None]]

EACH_TIME: dict[str, tuple[str, ...]] = {"desk": ("patients",), "mariadb": ()}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        spec = getattr(item, "callspec", None)
        params: dict[str, str] = {} if spec is None else spec.params
        each_time = EACH_TIME.get(params.get("way", ""))
        if each_time is not None and params.get("script") not in each_time:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    """A NATS server of its own, with the platform's accounts."""
    bus = Bus(tmp_path / "nats", free_port())
    bus.start()
    yield bus
    bus.stop()


@pytest.fixture
def within(run: Run, database: str) -> Callable[[Test], None]:
    """Runs a test inside a hall of its own."""

    def enter(test: Test) -> None:
        async def entered() -> None:
            async with hall(database) as place:
                await test(place)

        run(entered())

    return enter
