"""Errors both ways: Google's classified, and ours as Google's clients know them."""

import json
from typing import Any

import pytest

from llm_plugin_google.dialect import Gemini
from lockgate_ports.errors import Busy, InvalidRequest, ModelNotFound, Unauthenticated, UpstreamError


def _body(code: int, message: str, status: str = "", *details: dict[str, Any]) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "status": status, "details": details}}).encode()


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "API key not valid. Please pass a valid API key.", "auth"),
        (400, "API key expired. Please renew the API key.", "auth"),
        (400, "User location is not supported for the API use.", "permission"),
        (400, "The input token count (9) exceeds the maximum number of tokens allowed (8).", "context_length"),
        (400, "Invalid JSON payload received.", "invalid_request"),
        (401, "Request had invalid authentication credentials.", "auth"),
        (403, "Your API key was reported as leaked.", "auth"),
        (403, "Permission denied on resource project x.", "permission"),
        (403, "This API method requires billing to be enabled.", "quota"),
        (429, "You exceeded your current quota, please check your plan and billing details.", "rate_limit"),
        (429, "Your project has exceeded its monthly spending cap.", "quota"),
        (499, "The operation was cancelled.", "transient"),
        (500, "An internal error has occurred.", "transient"),
        (503, "The model is overloaded.", "overloaded"),
        (504, "Deadline expired.", "timeout"),
    ],
)
def test_googles_words_tell_the_kind(status: int, message: str, kind: str) -> None:
    for body in (_body(status, message), b"[" + _body(status, message) + b"]"):
        error = Gemini().read_error(status, {}, body)
        assert error.kind == kind
        assert error.upstream_message == message


def test_the_wait_is_found_in_header_detail_or_words() -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12.5s"}
    assert Gemini().read_error(429, {"retry-after": "3"}, _body(429, "x", "", detail)).retry_after == 3
    assert Gemini().read_error(429, {}, _body(429, "x", "", detail)).retry_after == 12.5
    assert Gemini().read_error(429, {}, _body(429, "Please retry in 7.25s.")).retry_after == 7.25
    assert Gemini().read_error(429, {}, _body(429, "x")).retry_after is None


def test_a_bearer_token_that_google_echoes_is_blotted_out() -> None:
    error = Gemini().read_error(401, {}, _body(401, "bad token ya29.a0AbCd-Ef_12"))
    assert "a0AbCd" not in str(error)
    assert b"a0AbCd" not in (error.body or b"")


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (InvalidRequest("no", param="contents"), 400, "INVALID_ARGUMENT"),
        (Unauthenticated("no"), 401, "UNAUTHENTICATED"),
        (ModelNotFound("no"), 404, "NOT_FOUND"),
        (Busy("no", retry_after=1.5), 429, "RESOURCE_EXHAUSTED"),
        (UpstreamError("no", kind="auth"), 502, "UNAVAILABLE"),
        (UpstreamError("no", kind="overloaded"), 503, "UNAVAILABLE"),
        (UpstreamError("no", kind="timeout"), 504, "DEADLINE_EXCEEDED"),
    ],
)
def test_our_errors_are_googles_status(error: Any, status: int, word: str) -> None:
    answer = Gemini().write_error(error, "req")
    said = json.loads(answer.body)["error"]
    assert (answer.status, said["code"], said["status"], said["message"]) == (status, status, word, "no")
    kinds = {each["@type"].rpartition(".")[2]: each for each in said["details"]}
    assert ("RetryInfo" in kinds) == isinstance(error, Busy)
    assert ("BadRequest" in kinds) == isinstance(error, InvalidRequest)


def test_googles_own_error_goes_back_as_it_came_unless_it_is_about_our_key() -> None:
    body = _body(400, "Bad contents")
    assert Gemini().write_error(Gemini().read_error(400, {}, body), "req").body == body
    about_the_key = Gemini().write_error(Gemini().read_error(401, {}, _body(401, "Bad key", "UNAUTHENTICATED")), "req")
    assert about_the_key.status == 502
    assert json.loads(about_the_key.body)["error"]["code"] == 502
