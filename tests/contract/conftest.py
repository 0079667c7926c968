"""What a port promises is looked at over MariaDB in `make test-all`; `make test` has ``test_hospital_mariadb.py``. By
templates only what differs from other web services is looked at each time."""

import pytest

EACH_TIME: dict[str, tuple[str, ...]] = {"desk": ("patients",), "mariadb": ()}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        spec = getattr(item, "callspec", None)
        params: dict[str, str] = {} if spec is None else spec.params
        each_time = EACH_TIME.get(params.get("way", ""))
        if each_time is not None and params.get("script") not in each_time:
            item.add_marker(pytest.mark.slow)
