"""What the sandbox is told by its environment; the same variables as the platform's, as far as they concern it."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from yinyi.kernel.clock import ShiftedClock, clock_from_setting


class CannotServe(Exception):
    """The message is one sentence for the person who started it."""


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """
    data_dir: holds the sandbox's own keys (``sandbox/``) and takes the connectors' settings (``run/sandbox/``).
    hospital_database_url: of the hospital's own database, as its owner. hospital_line_port: the platform's way to it.
    bank_line_port: the bank's first address; 0 takes the one of last time, or a free one.
    bank_line_tls: the name under which the bank's lines speak TLS; "": they speak without.
    http_host, http_port: where the platform listens, which the demo's counter asks. hl7_port: where it takes news of
    the laboratory; 0: it is told none. socket_port: where banks sign on to it; 0: nowhere.
    """

    data_dir: Path
    hospital_database_url: str
    clock: ShiftedClock
    log_level: str = "info"
    sandbox_port: int = 0
    hospital_line_port: int = 0
    bank_line_port: int = 0
    bank_line_tls: str = ""
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    hl7_port: int = 0
    socket_port: int = 0

    @property
    def own_folder(self) -> Path:
        return self.data_dir / "sandbox"

    @property
    def connectors_folder(self) -> Path:
        return self.data_dir / "run" / "sandbox"

    @property
    def platform_password_file(self) -> Path:
        """Of the role that the platform calls the hospital's procedures with."""
        return self.data_dir / "secrets" / "postgres-platform"


def settings_from(environment: Mapping[str, str] = os.environ) -> SandboxSettings:
    """
    Raises:
        CannotServe: something is missing or cannot be understood.
    """
    url = environment.get("YINYI_HOSPITAL_DATABASE_URL", "")
    if not url:
        raise CannotServe("The sandbox hospital needs a PostgreSQL: YINYI_HOSPITAL_DATABASE_URL.")
    try:
        return SandboxSettings(
            data_dir=Path(environment.get("YINYI_DATA_DIR") or "var").absolute(),
            hospital_database_url=url,
            clock=clock_from_setting(environment.get("YINYI_CLOCK", "")),
            log_level=environment.get("YINYI_LOG_LEVEL") or "info",
            sandbox_port=int(environment.get("YINYI_SANDBOX_PORT") or 0),
            hospital_line_port=int(environment.get("YINYI_HOSPITAL_LINE_PORT") or 0),
            bank_line_port=int(environment.get("YINYI_BANK_LINE_PORT") or 0),
            bank_line_tls=environment.get("YINYI_BANK_LINE_TLS", "").strip(),
            http_host=environment.get("YINYI_HTTP_HOST") or "127.0.0.1",
            http_port=int(environment.get("YINYI_HTTP_PORT") or 8080),
            hl7_port=int(environment.get("YINYI_HL7_PORT") or 0),
            socket_port=int(environment.get("YINYI_SOCKET_PORT") or 0),
        )
    except ValueError as error:
        raise CannotServe(f"A setting of the sandbox cannot be understood: {error}.") from error
