"""Where everything lies under ``YINYI_DATA_DIR``. The one place that knows.

::

    secrets/            0700; passwords and keys, one 0600 file each, made at first start
    postgres/           the embedded PostgreSQL: data/, postgres.log, lock
    nats/               the embedded bus: store/, nats.conf, nats.log, lock
    plugins/NAME.json   a connector's settings, written by people
    run/status.json     what `yinyi up` says of its parts
    run/sandbox/        connectors' settings for this machine's own sandbox, written by it at every start
    sandbox/            the sandbox's own keys and memory
    log/PART.log        what each part says
    archive/            backups and the database's log, 0700, unless YINYI_ARCHIVE_DIR names another place
    lock                held while `yinyi up` runs
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DataFolder:
    path: Path

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def nats(self) -> Path:
        return self.path / "nats"

    @property
    def plugins(self) -> Path:
        return self.path / "plugins"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def sandbox(self) -> Path:
        return self.run / "sandbox"

    @property
    def status(self) -> Path:
        return self.run / "status.json"

    @property
    def archive(self) -> Path:
        return self.path / "archive"

    def log(self, part: str) -> Path:
        return self.path / "log" / f"{part}.log"
