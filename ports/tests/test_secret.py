"""A secret that does not print itself, and what else could print it."""

import copy
import json
import pickle

import msgspec
import pytest

from lockgate_ports.auth import HeaderAuth
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.model import Attempt
from lockgate_ports.secret import Secret
from lockgate_ports.wire import Inbound

KEY = "sk-proj-Zq7vK2xW9pL4mT8d"
SECRET = Secret(KEY, "env:ACME_KEY")
ORIGIN = Origin("https", "acme.test", 443)


def test_no_way_to_print_it_shows_it() -> None:
    shown = [repr(SECRET), str(SECRET), f"{SECRET}", f"{SECRET:>40}", f"{SECRET!s}", repr([SECRET]), "%s" % SECRET]  # noqa: UP031
    shown.append(repr(Attempt("acme-1", SECRET)))
    assert [text for text in shown if KEY in text or "env:ACME_KEY" not in text] == []


@pytest.mark.parametrize("write", [pickle.dumps, copy.deepcopy, copy.copy, msgspec.json.encode, json.dumps])
def test_it_is_not_serialised(write: object) -> None:
    with pytest.raises(TypeError):
        write(SECRET)  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}.",
        f"key={KEY}&x=1",
        f"'{KEY}'",
        f"Incorrect API key provided: {KEY[:12]}****.",
        f"it ends in {KEY[-9:]}",
        f"glued{KEY}together",
    ],
)
def test_redaction_takes_out_the_key_and_its_parts(text: str) -> None:
    redacted = SECRET.redact(text)
    assert "[redacted]" in redacted
    assert not any(KEY[at : at + 8] in redacted for at in range(len(KEY) - 7))


@pytest.mark.parametrize("key", ["k1", "user:pass=x", "a b"])
def test_a_short_or_odd_key_is_redacted_whole(key: str) -> None:
    assert Secret(key).redact(f"the key '{key}' is wrong") == "the key '[redacted]' is wrong"


def test_redaction_leaves_other_words_alone() -> None:
    text = "The model `acme-1` does not exist; see https://acme.test/docs"
    assert SECRET.redact(text) == text
    assert Secret("").redact(text) == text


@pytest.mark.parametrize(
    "message",
    [
        f'"{KEY}" is wrong',
        f'"{KEY[:14]}***" is wrong',
        f"is wrong:\n{KEY[:14]}",
        f"\\{KEY[:14]}\\",
        f"<{KEY[3:]}>\t\u2028{KEY}",
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_redacted_json_is_still_json(message: str, ascii_only: bool) -> None:
    body = json.dumps({"error": {"message": message}}, ensure_ascii=ascii_only).replace("<", "\\u003c")
    redacted = json.loads(SECRET.redact(body))["error"]["message"]
    assert "[redacted]" in redacted
    assert KEY[:8] not in redacted


def test_redacting_a_large_body_is_quick() -> None:
    import time

    body = "x" * 256 * 1024
    began = time.perf_counter()
    assert SECRET.redact(body) == body
    assert time.perf_counter() - began < 0.25


async def test_a_signed_request_does_not_print_its_key() -> None:
    request = HttpRequest("POST", ORIGIN, "/v1?key=" + KEY, body=KEY.encode())
    signed = HeaderAuth().sign(request, SECRET)
    assert signed.headers == (("authorization", f"Bearer {KEY}"),)
    assert KEY not in repr(signed) + str(signed.__rich_repr__())
    assert "https://acme.test/v1" in repr(signed)


def test_what_a_client_sent_does_not_print_its_key() -> None:
    inbound = Inbound("POST", "/v1", {"authorization": KEY}, KEY.encode(), {"key": KEY})
    assert KEY not in repr(inbound) + str(inbound.__rich_repr__())


async def test_a_key_may_go_bare_in_a_header_of_any_name() -> None:
    signed = HeaderAuth("x-api-key", "").sign(HttpRequest("GET", ORIGIN, "/"), SECRET)
    assert signed.headers == (("x-api-key", KEY),)


async def test_without_a_key_nothing_is_added() -> None:
    request = HttpRequest("GET", ORIGIN, "/")
    assert HeaderAuth().sign(request, None) is request


@pytest.mark.parametrize("key", ["", "sk-1\n", " sk-1", "sk\r\nx-admin: 1", "sk-ü", "sk\x00"])
async def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(SettingsError, match="env:ACME_KEY") as caught:
        HeaderAuth().sign(HttpRequest("GET", ORIGIN, "/"), Secret(key, "env:ACME_KEY"))
    assert not key.strip() or key.strip() not in str(caught.value)
