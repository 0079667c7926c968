"""What institutions sign, as it is written: by properties, and against what others make of it."""

import base64
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity_house import START

from yinyi.wire import institution as wire
from yinyi.wire import username_token
from yinyi.wire.institution import instant_of, sign, signed_text, timestamp_of, verifies

NONCE = "n" * 16

methods = st.sampled_from(("GET", "POST", "PUT"))
paths = st.text("abc/?=&%-._~", max_size=30).map("/{}".format)
nonces = st.text("abcXYZ019-_", min_size=16, max_size=64)
stamps = st.integers(0, 4_000_000_000).map(str)
requests = st.tuples(methods, paths, stamps, nonces, st.binary(max_size=50))
secrets = st.text("abcdef0123", min_size=8, max_size=40)
algorithms = st.sampled_from(get_args(wire.Algorithm))

Request = tuple[str, str, str, str, bytes]


@given(algorithms, secrets, requests)
def test_what_is_signed_verifies(algorithm: wire.Algorithm, secret: str, request: Request) -> None:
    assert verifies(algorithm, secret, sign(algorithm, secret, *request), *request)


@given(algorithms, secrets, requests, requests)
def test_a_signature_is_good_for_one_request_only(
    algorithm: wire.Algorithm, secret: str, one: Request, other: Request
) -> None:
    assert verifies(algorithm, secret, sign(algorithm, secret, *one), *other) == (one == other)


@given(algorithms, secrets, secrets, requests)
def test_a_signature_is_good_for_one_secret_only(
    algorithm: wire.Algorithm, secret: str, other: str, request: Request
) -> None:
    assert verifies(algorithm, other, sign(algorithm, secret, *request), *request) == (secret == other)


@given(algorithms, algorithms, secrets, requests)
def test_a_signature_is_good_for_one_algorithm_only(
    one: wire.Algorithm, other: wire.Algorithm, secret: str, request: Request
) -> None:
    assert verifies(other, secret, sign(one, secret, *request), *request) == (one == other)


@given(requests, requests)
def test_no_two_requests_read_alike(one: Request, other: Request) -> None:
    assert (signed_text("HMAC-SM3", *one) == signed_text("HMAC-SM3", *other)) == (one == other)


@given(st.text(max_size=80))
def test_no_text_at_all_passes_for_a_signature_or_breaks(signature: str) -> None:
    assert not verifies("HMAC-SHA256", "secret", signature, "POST", "/x", "1", NONCE, b"")
    assert not username_token.verifies(
        "secret", signature, base64.b64encode(b"n" * 16).decode(), "2026-11-23T08:00:00Z"
    )


def test_hmac_sm3_is_what_others_make_of_it() -> None:
    """GB/T 32905-2016, appendix A.1: the hash of ``abc``, here as a body."""
    abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert signed_text("HMAC-SM3", "POST", "/x", "1", NONCE, b"abc").decode().endswith(abc)


@pytest.mark.parametrize(
    "request_",
    [
        ("POST\n", "/x", "1", NONCE, b""),
        ("post", "/x", "1", NONCE, b""),
        ("POST", "/x\n1", "1", NONCE, b""),
        ("POST", "x", "1", NONCE, b""),
        ("POST", "/病", "1", NONCE, b""),
        ("POST", "/x", "1.5", NONCE, b""),
        ("POST", "/x", "999999999999", NONCE, b""),
        ("POST", "/x", "1", "short", b""),
        ("POST", "/x", "1", NONCE + "\n", b""),
    ],
)
def test_a_part_out_of_form_is_neither_signed_nor_verified(request_: Request) -> None:
    with pytest.raises(ValueError):
        sign("HMAC-SHA256", "secret", *request_)
    assert not verifies("HMAC-SHA256", "secret", "0" * 64, *request_)


@pytest.mark.parametrize("created", ["2026-11-23T08:00:00", "2026-11-31T08:00:00Z", "2026-11-23 08:00:00Z", "１"])
def test_a_moment_out_of_form_is_no_moment(created: str) -> None:
    with pytest.raises(ValueError):
        username_token.instant_of(created)
    with pytest.raises(ValueError):
        instant_of(created)


@given(st.binary(min_size=16, max_size=40), secrets, secrets)
def test_a_password_digest_is_good_for_one_password_only(nonce: bytes, secret: str, other: str) -> None:
    text, created = base64.b64encode(nonce).decode(), username_token.created_of(START)
    digest = username_token.digest(secret, text, created)
    assert username_token.verifies(other, digest, text, created) == (secret == other)


def test_a_nonce_is_written_one_way_so_that_it_is_good_once() -> None:
    """These two texts are the same bytes in Base64, as lenient decoders read it."""
    created = username_token.created_of(START)
    for nonce in ("A" * 21 + "B==", "A" * 22):
        with pytest.raises(ValueError):
            username_token.digest("secret", nonce, created)
    assert username_token.digest("secret", "A" * 22 + "==", created)


@given(st.timedeltas(timedelta(0), timedelta(days=20000)))
def test_a_timestamp_is_the_whole_second(after: timedelta) -> None:
    at = START + after
    assert instant_of(timestamp_of(at)) == at.replace(microsecond=0)
