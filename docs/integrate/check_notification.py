"""Listens for notifications and checks their signatures, with nothing but Python's standard library.

python3 check_notification.py 9090 var/secrets/institution-his
"""

import hashlib
import hmac
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

CLOCKS_APART_S = 300


def is_genuine(secret: str, path: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether the platform has sent it, and not long ago."""
    timestamp, nonce = headers.get("X-Yinyi-Timestamp", ""), headers.get("X-Yinyi-Nonce", "")
    if not timestamp.isdigit() or abs(int(timestamp) - now) > CLOCKS_APART_S:
        return False
    text = "\n".join(("WEBHOOK", path, timestamp, nonce, hashlib.sha256(body).hexdigest()))
    expected = "HMAC-SHA256=" + hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(expected, each) for each in headers.get("X-Yinyi-Signature", "").split(", "))


class Told(BaseHTTPRequestHandler):
    secret = ""

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), 1 << 20))
        genuine = is_genuine(self.secret, self.path, self.headers, body, time.time())
        sys.stdout.write(f"{'genuine' if genuine else 'NOT GENUINE'} {body.decode(errors='replace')}\n")
        sys.stdout.flush()
        self.send_response(204 if genuine else 401)
        self.end_headers()


if __name__ == "__main__":
    Told.secret = Path(sys.argv[2]).read_text(encoding="ascii").strip()
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Told).serve_forever()
