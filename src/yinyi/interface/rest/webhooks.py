"""What institutions are told at their own servers, as it stands in the OpenAPI document."""

from typing import Any

from yinyi.wire.notification import INSTITUTION, NONCE, SIGNATURE, TIMESTAMP

_SIGNED = {
    INSTITUTION: "who is told",
    TIMESTAMP: "whole seconds since 1970",
    NONCE: "never used twice",
    SIGNATURE: "`HMAC-SHA256=` or `HMAC-SM3=` and 64 hexadecimal digits, over the five lines with the word WEBHOOK in "
    "place of the method; with two secrets that are good there are two, behind a comma",
}
_SAID = """Sent by the platform to the endpoint that the staff has set with `SetSubscription`. An answer from 200 to 299
takes it; anything else, or none within 10 seconds, has it sent again, ever more rarely for some 60 hours. It may come
twice and out of order: `notification_no` is the same when it is sent again, and of two about one payment the higher
`version` is the newer."""


def webhooks(content: Any) -> dict[str, Any]:
    """The ``webhooks`` of an OpenAPI document. content: what says what the body is."""
    return {
        "notification": {
            "post": {
                "operationId": "notification",
                "tags": ["subscriptions"],
                "summary": "An institution is told of something",
                "description": " ".join(_SAID.split()),
                "security": [],
                "parameters": [_header(name, said) for name, said in _SIGNED.items()],
                "requestBody": {"required": True, "content": {"application/json": content}},
                "responses": {"200": {"description": "Taken."}},
            }
        }
    }


def _header(name: str, said: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": said, "required": True, "schema": {"type": "string"}}
