"""Base URLs."""

import pytest

from lockgate_ports.http import Origin, UrlError, split_url


@pytest.mark.parametrize(
    ("url", "origin", "prefix"),
    [
        ("https://api.acme.test/v1", Origin("https", "api.acme.test", 443), "/v1"),
        ("https://api.acme.test/v1/", Origin("https", "api.acme.test", 443), "/v1"),
        ("http://localhost:8000", Origin("http", "localhost", 8000), ""),
        ("http://localhost:8000//", Origin("http", "localhost", 8000), ""),
        ("HTTP://LocalHost", Origin("http", "localhost", 80), ""),
        ("http://[::1]:8080/v1", Origin("http", "::1", 8080), "/v1"),
        ("http://127.0.0.1/a/b%20c", Origin("http", "127.0.0.1", 80), "/a/b%20c"),
        ("https://acme.test/models/claude@2024", Origin("https", "acme.test", 443), "/models/claude@2024"),
    ],
)
def test_a_url_is_an_origin_and_a_prefix(url: str, origin: Origin, prefix: str) -> None:
    assert split_url(url) == (origin, prefix)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("api.acme.test/v1", "must begin with http"),
        ("ftp://acme.test", "must begin with http"),
        ("", "must begin with http"),
        ("https://", "names no host"),
        ("https:///v1", "names no host"),
        ("https://acme.test:99999", "no valid host and port"),
        ("https://acme.test:x", "no valid host and port"),
        ("https://[::1", "no valid host and port"),
        ("https://acme.test:0/v1", "port 0"),
        ("https://acme.test/v1?a=1", "no query"),
        ("https://acme.test/v1#a", "no fragment"),
        ("https://acme.test/ v1", "space"),
        (" https://acme.test/v1", "space"),
        ("https://acme.test/v1\n", "control character"),
        ("https://äcme.test", "outside ASCII"),
        ("https://acme.test\\.evil.test/", "backslash"),
        ("https://user@acme.test", "must not hold a user name"),
        ("https://@acme.test", "must not hold a user name"),
    ],
)
def test_what_cannot_be_a_base_url_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(UrlError, match=why):
        split_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@acme.test/v1",
        "https://user:hunter2@acme.test:x/v1",
        "https://user:hun/hunter2@acme.test",
        "ftp://user:hunter2@acme.test",
        "https://acme.test/v1?api_key=hunter2",
        "https://acme.test/v1#hunter2",
        "https://user:hunter2 @acme.test/v1",
        "https://acme.test:x/v1?key=hunter2",
    ],
)
def test_a_secret_in_a_url_does_not_show_in_the_error(url: str) -> None:
    with pytest.raises(UrlError) as caught:
        split_url(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("url", ["https://acme.test", "http://acme.test:8080", "https://[::1]:8443"])
def test_an_origin_prints_as_a_url(url: str) -> None:
    assert str(split_url(url)[0]) == url
