"""What a port promises is looked at over MariaDB in `make test-all`; `make test` has ``test_hospital_mariadb.py``."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        spec = getattr(item, "callspec", None)
        if spec is not None and spec.params.get("way") == "mariadb":
            item.add_marker(pytest.mark.slow)
