"""Error answers of an upstream: what they are taken for."""

import json

import pytest

from llm_plugin_anthropic.dialect import AnthropicMessages
from llm_plugin_anthropic.error_in import error_inside


def _body(kind: str, message: str, **details: str) -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message, "details": details}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, _body("invalid_request_error", "messages: at least one"), "invalid_request"),
        (400, _body("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"), "context_length"),
        (400, _body("invalid_request_error", "exceed context limit: 9 + 9 > 8"), "context_length"),
        (400, _body("invalid_request_error", "max_tokens: 9 > 8, which is the maximum allowed"), "invalid_request"),
        (400, _body("invalid_request_error", "Your credit balance is too low"), "quota"),
        (400, _body("invalid_request_error", "Output blocked by content filtering policy"), "content_filter"),
        (401, _body("authentication_error", "invalid x-api-key"), "auth"),
        (402, _body("billing_error", "pay"), "quota"),
        (403, _body("permission_error", "no"), "permission"),
        (403, _body("permission_error", "no", error_code="contract_spend_limit_reached"), "quota"),
        (404, _body("not_found_error", "model: x"), "not_found"),
        (409, _body("conflict_error", "x"), "transient"),
        (413, _body("request_too_large", "Request exceeds the maximum size"), "invalid_request"),
        (429, _body("rate_limit_error", "slow"), "rate_limit"),
        (500, _body("api_error", "x"), "transient"),
        (504, _body("timeout_error", "x"), "timeout"),
        (529, _body("overloaded_error", "x"), "overloaded"),
        (502, b"<html><title>Bad gateway</title></html>", "transient"),
        (400, b'{"message": "The provided model identifier is invalid."}', "invalid_request"),
        (418, b"", "invalid_request"),
    ],
)
def test_kinds(status: int, body: bytes, kind: str) -> None:
    error = AnthropicMessages().read_error(status, {}, body)
    assert (error.kind, error.upstream_status) == (kind, status)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("overloaded_error", "overloaded"),
        ("rate_limit_error", "rate_limit"),
        ("api_error", "transient"),
        ("timeout_error", "timeout"),
        ("invalid_request_error", "invalid_request"),
        ("brand_new", "transient"),
    ],
)
def test_an_error_inside_is_told_by_its_type(word: str, kind: str) -> None:
    assert error_inside(_body(word, "x")).kind == kind


def test_the_providers_words_are_kept() -> None:
    body = b'{"type":"error","error":{"type":"api_error","message":"Oh."},"request_id":"req_7"}'
    error = AnthropicMessages().read_error(500, {"retry-after": "2"}, body)
    assert (error.upstream_code, error.upstream_message, error.upstream_request_id) == ("api_error", "Oh.", "req_7")
    assert (error.retry_after, error.dialect, error.body) == (2.0, "anthropic-messages", body)
    assert str(error) == "failed (500): Oh."


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:05 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 5.0),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:05 GMT"}, None),
        ({}, None),
    ],
)
def test_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert AnthropicMessages().read_error(429, headers, b"").retry_after == seconds
