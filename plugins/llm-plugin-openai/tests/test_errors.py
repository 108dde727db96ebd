"""Errors: an upstream's, whatever its shape, and ours in OpenAI's envelope."""

import json
from typing import Any

import httpx2
import openai
import pytest

from llm_plugin_openai.catalogue import OpenAIModels
from llm_plugin_openai.dialect import OpenAIChat
from lockgate_ports.dialect import ListedModel
from lockgate_ports.errors import (
    Busy,
    EgressDenied,
    Forbidden,
    InvalidRequest,
    LockgateError,
    ModelNotFound,
    SettingsError,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
    UpstreamError,
)


def _read(status: int, body: Any = b"", **headers: str) -> UpstreamError:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return OpenAIChat().read_error(status, named, sent)


def _said(message: str = "m", code: Any = None, kind: Any = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request"),
        (401, "auth"),
        (402, "quota"),
        (403, "permission"),
        (404, "not_found"),
        (405, "invalid_request"),
        (408, "timeout"),
        (409, "transient"),
        (413, "invalid_request"),
        (422, "invalid_request"),
        (429, "rate_limit"),
        (500, "transient"),
        (502, "transient"),
        (503, "overloaded"),
        (504, "timeout"),
        (529, "overloaded"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"5", b"{", b"\xff", b"<html></html>", b'{"error":7}', b"{}"])
def test_the_status_alone_tells_the_kind(status: int, kind: str, body: bytes) -> None:
    error = _read(status, body)
    assert (error.kind, error.upstream_status) == (kind, status)
    assert (error.body, error.dialect) == (None, None)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (504, _said("gateway timeout", kind="server_error"), "transient"),
        (504, _said("too long", kind="server_error", code="upstream_timeout"), "timeout"),
        (504, _said("gateway timeout", kind="timeout"), "timeout"),
        (400, _said(code="context_length_exceeded"), "context_length"),
        (400, _said("This model's maximum context length is 8192 tokens."), "context_length"),
        (400, _said("prompt is too long: 9 tokens > 8 maximum"), "context_length"),
        (400, _said("prompt too long; exceeded max context length by 9 tokens"), "context_length"),
        (
            400,
            _said("the request exceeds the available context size", kind="server_error"),
            "context_length",
        ),
        (400, _said("The total length of all messages is too long.", kind="too_many_prompt_tokens"), "context_length"),
        (413, _said("Please reduce the length of the messages or completion."), "context_length"),
        (400, _said("max_tokens must be at least 1"), "invalid_request"),
        (400, _said(code="content_filter"), "content_filter"),
        (400, _said(code="content_policy_violation"), "content_filter"),
        (400, _said("triggered Azure's content management policy"), "content_filter"),
        (403, _said("Your input was flagged by moderation"), "content_filter"),
        (400, _said("API key not valid. Please pass a valid API key."), "auth"),
        (429, _said(code="insufficient_quota", kind="insufficient_quota"), "quota"),
        (429, _said("You exceeded your current quota, please check your plan and billing details."), "quota"),
        (403, _said("Your team has run out of credits: credit balance is 0"), "quota"),
        (429, _said(code="rate_limit_exceeded"), "rate_limit"),
        (400, {"code": "Client specified an invalid argument", "error": "no such field"}, "invalid_request"),
    ],
)
def test_well_known_words_tell_the_kind_more_closely(status: int, body: Any, kind: str) -> None:
    assert _read(status, body).kind == kind


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (_said("Nope", "bad_value"), "Nope", "bad_value"),
        (_said("Nope", 400, "odd_type"), "Nope", "odd_type"),
        ({"error": "Nope"}, "Nope", None),
        ({"message": "Nope", "type": "t"}, "Nope", "t"),
        ({"detail": "Nope"}, "Nope", None),
        ({"detail": [{"loc": ["body", "n"], "msg": "too small"}, {"msg": "bad"}]}, "body.n: too small; bad", None),
        ({"object": "error", "message": {"detail": [{"loc": ["a"], "msg": "b"}]}}, "a: b", None),
        ([{"error": {"message": "Nope", "status": "INVALID_ARGUMENT", "code": 400}}], "Nope", "INVALID_ARGUMENT"),
        (
            {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": "too big"}}},
            "Provider returned error: too big",
            None,
        ),
        (b"upstream  connect\nerror", "upstream connect error", None),
        (b"<html><head><title>502 Bad Gateway</title></head><body>x</body></html>", "502 Bad Gateway", None),
        (b"<html><body><p>Go <b>away</b></p><style>p{}</style></body></html>", "Go away", None),
        (b'"Nope"', "Nope", None),
    ],
)
def test_an_upstreams_words_are_found_in_any_shape(body: Any, message: str, code: str | None) -> None:
    error = _read(400, body)
    assert (error.upstream_message, error.upstream_code) == (message, code)
    assert message in error.message


def test_no_more_than_200_bytes_of_a_body_are_shown() -> None:
    error = _read(500, b"x" * 5000)
    assert error.message.count("x") <= 200
    assert len(error.upstream_message or "") <= 203


def test_an_envelope_is_kept_for_clients_of_the_same_dialect() -> None:
    body = json.dumps(_said("Nope") | {"more": 1}).encode()
    error = _read(400, body)
    assert (error.body, error.dialect, error.param) == (body, "openai-chat", None)
    assert OpenAIChat().write_error(error, "r").body == body
    assert _read(400, {"error": {"message": "m", "param": "n"}}).param == "n"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.0),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:30 GMT"}, None),
        ({"retry_after": "Wed, 21 Oct 2015 07:27:00 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry_after": "soon", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": "Wed, 21 Oct 2015 07:28:00 -0000"}, None),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({}, None),
    ],
)
def test_when_to_come_back_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert _read(429, **headers).retry_after == seconds


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"),
    [
        (InvalidRequest("m", param="n"), 400, "invalid_request_error", "invalid_request"),
        (Unauthenticated("m"), 401, "authentication_error", "invalid_api_key"),
        (Forbidden("m"), 403, "permission_error", "forbidden"),
        (EgressDenied("m", rule="r", provider_id="p"), 403, "permission_error", "egress_denied"),
        (ModelNotFound("m"), 404, "invalid_request_error", "model_not_found"),
        (TooLarge("m"), 413, "invalid_request_error", "request_too_large"),
        (UnsupportedMedia("m"), 415, "invalid_request_error", "unsupported_media_type"),
        (Busy("m"), 429, "rate_limit_error", "busy"),
        (SettingsError("m"), 500, "server_error", "settings_error"),
        (UpstreamError("m", kind="auth"), 502, "server_error", "upstream_auth_failed"),
        (UpstreamError("m", kind="permission"), 502, "server_error", "upstream_permission"),
        (UpstreamError("m", kind="rate_limit"), 429, "rate_limit_error", "rate_limit_exceeded"),
        (UpstreamError("m", kind="quota"), 429, "insufficient_quota", "insufficient_quota"),
        (UpstreamError("m", kind="timeout"), 504, "server_error", "upstream_timeout"),
        (UpstreamError("m", kind="overloaded"), 503, "server_error", "upstream_overloaded"),
        (UpstreamError("m", kind="transient"), 502, "server_error", "upstream_transient"),
        (UpstreamError("m", kind="context_length"), 400, "invalid_request_error", "context_length_exceeded"),
        (UpstreamError("m", kind="content_filter"), 400, "invalid_request_error", "content_filter"),
        (UpstreamError("m", kind="not_found"), 404, "invalid_request_error", "model_not_found"),
        (
            UpstreamError("m", kind="invalid_request", upstream_status=422),
            422,
            "invalid_request_error",
            "upstream_invalid_request",
        ),
        (
            UpstreamError("m", kind="invalid_request", upstream_status=405),
            400,
            "invalid_request_error",
            "upstream_invalid_request",
        ),
    ],
)
def test_an_error_is_told_in_openais_envelope(error: LockgateError, status: int, kind: str, code: str) -> None:
    answer = OpenAIChat().write_error(error, "r")
    param = getattr(error, "param", None)
    assert json.loads(answer.body) == {"error": {"message": "m", "type": kind, "param": param, "code": code}}
    assert answer.status == status
    assert OpenAIModels().write_error(error, "r") == answer


def test_a_client_is_told_when_to_come_back_and_when_not_to() -> None:
    write = OpenAIChat().write_error
    assert write(UpstreamError("m", kind="rate_limit", retry_after=1.2), "r").headers == (("retry-after", "2"),)
    assert write(Busy("m", retry_after=3), "r").headers == (("retry-after", "3"),)
    assert write(UpstreamError("m", kind="quota"), "r").headers == (("x-should-retry", "false"),)
    assert write(UpstreamError("m", kind="rate_limit"), "r").headers == ()


@pytest.mark.parametrize("kind", ["auth", "permission"])
def test_a_client_never_sees_what_an_upstream_says_of_our_key(kind: Any) -> None:
    error = UpstreamError(
        "acme: bad key", kind=kind, dialect="openai-chat", body=b'{"error":{"message":"key sk-12"}}', param="key"
    )
    body = OpenAIChat().write_error(error, "r").body
    assert b"sk-12" not in body
    assert json.loads(body)["error"]["param"] is None


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (InvalidRequest("m", param="n"), openai.BadRequestError),
        (Unauthenticated("m"), openai.AuthenticationError),
        (Forbidden("m"), openai.PermissionDeniedError),
        (ModelNotFound("m"), openai.NotFoundError),
        (UpstreamError("m", kind="invalid_request", upstream_status=422), openai.UnprocessableEntityError),
        (Busy("m", retry_after=3), openai.RateLimitError),
        (UpstreamError("m", kind="transient"), openai.InternalServerError),
    ],
)
def test_the_sdk_raises_the_exception_that_fits(error: LockgateError, raised: type[openai.APIStatusError]) -> None:
    answer = OpenAIChat().write_error(error, "r")

    def answered(request: httpx2.Request) -> httpx2.Response:
        headers = [("content-type", answer.content_type), *answer.headers]
        return httpx2.Response(answer.status, headers=headers, content=answer.body)

    http = httpx2.Client(transport=httpx2.MockTransport(answered))
    client = openai.OpenAI(api_key="k", base_url="http://gateway.test/v1", max_retries=0, http_client=http)
    with pytest.raises(raised) as caught:
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
    told = json.loads(answer.body)["error"]
    assert (caught.value.code, caught.value.param, caught.value.type) == (told["code"], told["param"], told["type"])


def test_the_catalogue_is_openais_list_of_models() -> None:
    models = OpenAIModels()
    listed = [ListedModel("acme/m/1", "acme", 7), ListedModel("fast", "lockgate", 0)]
    first = {"id": "acme/m/1", "object": "model", "created": 7, "owned_by": "acme"}
    assert json.loads(models.write_item(listed[0])) == first
    written = json.loads(models.write_list(listed, {}))
    assert written["object"] == "list"
    assert written["data"][0] == first
    assert [openai.types.Model.model_validate(item).id for item in written["data"]] == ["acme/m/1", "fast"]
    assert [models.list_surfaces[0].path, models.item_surfaces[0].path] == ["/v1/models", "/v1/models/{id:path}"]
