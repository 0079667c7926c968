"""TLS ends here: the certificate that a caller has shown goes with each of his requests, and the business layer judges.

Whether it is anybody's is not known here. Only what openssl says is: it comes from an authority on the list, and
whoever has connected has its key. When it is good is judged by the platform's clock, with the rest.
"""

import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import structlog

from yinyi.interface.tls_files import TlsFiles
from yinyi.interface.whole_heads import WholeHeads
from yinyi.wire.client_certificate import fingerprint

log = structlog.get_logger()

HANDSHAKE_S, SHUTDOWN_S = 10.0, 1.0
"""Nobody holds a connection longer by not answering."""
LOOKED_AT_EVERY_S: Final = 1.0
"""The files, while people connect."""
NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL."""

SCOPE: Final = "yinyi.client_certificate"
"""Where it stands in the scope of a request."""


class Papers:
    """What a door shows and whom it asks, as the files say it now. A file that is replaced counts from the next
    connection on; one that cannot be read leaves everything as it was."""

    def __init__(self, files: TlsFiles) -> None:
        """
        Raises:
            OSError, ssl.SSLError: the files are not what they should be.
        """
        self._files = files
        self._stamp: list[tuple[int, int, int]] = self._stamped()
        self._looked_at = time.monotonic()
        self._fresh = _context(files)
        self.context = _context(files)
        """For listeners. Each connection begins with it and is then given the newest one."""
        self.context.sni_callback = self._begun

    def _begun(self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: ssl.SSLContext) -> None:
        self._look()
        connection.context = self._fresh

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < LOOKED_AT_EVERY_S:
            return
        self._looked_at = now
        try:
            stamp = self._stamped()
            if stamp == self._stamp:
                return
            self._fresh, self._stamp = _context(self._files), stamp
            log.info("tls.files_replaced")
        except (OSError, ssl.SSLError) as error:
            log.error("tls.files_unreadable", why=str(error)[:200])

    def _stamped(self) -> list[tuple[int, int, int]]:
        found = [Path(name).stat() for name in self._files.names()]
        return [(each.st_mtime_ns, each.st_size, each.st_ino) for each in found]


def _context(files: TlsFiles) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(files.certificate, files.key)
    made.set_alpn_protocols(["http/1.1"])
    made.options |= ssl.OP_NO_TICKET
    made.num_tickets = 0  # whoever comes again shows his certificate again
    if files.clients:
        made.load_verify_locations(files.clients)
        made.verify_mode = ssl.CERT_OPTIONAL
        made.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    return made


def shown(transport: Any) -> str:
    """The fingerprint of the certificate that whoever is at the other end has the key of; empty: none was shown."""
    connection = transport.get_extra_info("ssl_object")
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    return fingerprint(der) if der else ""


class Certified(WholeHeads):
    """As ``WholeHeads``, within TLS; requests carry what ``certificate_of`` reads."""

    _certificate = ""

    def connection_made(self, transport: Any) -> None:
        self._certificate = shown(transport)
        super().connection_made(transport)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(dict[str, Any], self.scope)[SCOPE] = self._certificate


def certificate_of(scope: Mapping[str, Any]) -> str:
    """Which certificate came with this request; empty: none, or it did not come within TLS of ours."""
    within = scope.get(SCOPE)
    return within if isinstance(within, str) else ""
