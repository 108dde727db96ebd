"""Endpoints out of settings."""

import pytest
from msgspec import Struct

from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import Origin
from lockgate_ports.http_endpoint import endpoint_of, origin_of


class _Settings(Struct, frozen=True):
    base_url: str = "https://a.test/v1"
    params: Params = "strict"
    response_limit: int = 9


def test_an_endpoint_takes_what_the_settings_say() -> None:
    endpoint = endpoint_of(_Settings(), "https://b.test/x", (("a", "b"),))
    assert (endpoint.origin, endpoint.prefix) == (Origin("https", "b.test", 443), "/x")
    assert (endpoint.params, endpoint.response_limit, endpoint.headers) == ("strict", 9, (("a", "b"),))


def test_the_one_place_that_is_asked() -> None:
    assert origin_of(_Settings()) == (Origin("https", "a.test", 443),)


@pytest.mark.parametrize(
    ("settings", "words"),
    [(_Settings(response_limit=0), "response_limit must be at least 1 byte"), (_Settings("ftp://a"), "base_url: ")],
)
def test_what_cannot_be_is_named(settings: _Settings, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        endpoint_of(settings, settings.base_url)
