"""TLS of one address, and in words of people why an address is not reached."""

import socket
import ssl

from yinyi.access.payment.key_files import secret
from yinyi.access.payment.unionpay.config import Address
from yinyi.access.payment.unionpay.connection import Connection

_HOSTNAME_MISMATCH = 62
_EXPIRED, _NOT_YET = 10, 9
_NOT_BELIEVED = (18, 19, 20, 21)
"""Verify results of OpenSSL (``x509_vfy.h``)."""


def tls_of(address: Address) -> ssl.SSLContext | None:
    """None: it is spoken to without TLS. Files are read anew at every call, so that renewed certificates are taken.

    Raises:
        ValueError: our certificate or the authorities' cannot be read, or others may read our key.
    """
    if not address.tls_name:
        return None
    try:
        context = ssl.create_default_context(cafile=address.tls_ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if address.tls_own_file:
            secret(address.tls_own_file)
            context.load_cert_chain(address.tls_own_file, password="")
    except (ssl.SSLError, OSError) as error:
        raise ValueError(f"certificates in {address.tls_ca_file} {address.tls_own_file} cannot be read") from error
    return context


def why_not(error: Exception, address: Address) -> str:
    """Why no connection came about, or broke, for those who look after it."""
    match error:
        case ssl.SSLCertVerificationError():
            return _not_believed(error, address)
        case ssl.SSLError():
            return f"TLS failed: {(error.reason or type(error).__name__).replace('_', ' ').lower()}"
        case TimeoutError():
            return "no connection within the time for it"
        case ConnectionRefusedError():
            return "nobody takes connections there"
        case socket.gaierror():
            return "this host name is not known"
        case ValueError():
            return str(error)
        case _:
            return type(error).__name__


def why_gone(connection: Connection, address: Address) -> str:
    """Why a connection broke. A host that does not take our certificate often says no word of it."""
    if connection.error is not None:
        return why_not(connection.error, address)
    if address.tls_name and not connection.was_of_use and not connection.is_spent:
        return f"{connection.why_gone}: it may want {'another' if address.tls_own_file else 'a'} certificate of ours"
    return connection.why_gone


def _not_believed(error: ssl.SSLCertVerificationError, address: Address) -> str:
    code = error.verify_code
    if code == _HOSTNAME_MISMATCH:
        return f"its certificate is not for {address.tls_name}"
    if code in _NOT_BELIEVED:
        return "its certificate is by nobody who is believed"
    if code in (_EXPIRED, _NOT_YET):
        return "its certificate is not valid now"
    return f"its certificate is refused: {error.verify_message}"
