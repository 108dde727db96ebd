"""Requests that are a POST of a JSON object."""

import pytest

from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import Origin
from lockgate_ports.json_post import encode, post, with_model

UPSTREAM = Upstream(
    provider_id="p", origin=Origin("https", "p.test", 443), prefix="/v1", model="real", headers=(("x-own", "1"),)
)


def test_a_request_goes_below_the_prefix_with_the_settings_headers() -> None:
    request = post("/embed", b"{}", UPSTREAM, "text/event-stream")
    assert (request.method, request.target, request.body) == ("POST", "/v1/embed", b"{}")
    assert request.headers == (
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("x-own", "1"),
    )
    assert ("accept", "application/json") in post("/embed", b"{}", UPSTREAM).headers


def test_all_but_the_model_stays_as_it_came() -> None:
    body = b'{ "zz":[1.50 ,12345678901234567890123],"model":"alias"}'
    assert with_model(body, UPSTREAM) == body.replace(b"alias", b"real")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"model":1}', b"{}"])
def test_a_body_without_a_model_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="no request in this provider's form"):
        with_model(body, UPSTREAM)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="lone surrogate"):
        encode({"input": "\ud800"})
