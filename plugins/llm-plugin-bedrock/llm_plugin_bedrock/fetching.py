"""Credentials fetched from where AWS hands them out, by plain HTTP requests through the HttpPort."""

import re
from datetime import datetime
from html import unescape
from urllib.parse import quote

import msgspec
from msgspec import Struct

from llm_plugin_bedrock.credentials import Credentials, checked
from lockgate_ports.errors import LockgateError, SettingsError, UpstreamError, clip
from lockgate_ports.http import HttpPort, HttpRequest, Origin

_LIMIT = 256 * 1024
_METADATA = "/latest/meta-data/iam/security-credentials/"


class _Handed(Struct, rename="pascal"):
    """What the container endpoint and the instance metadata service say (AWS SDKs reference guide)."""

    access_key_id: str
    secret_access_key: str
    token: str
    expiration: datetime


class _Said(Struct):
    message: str = ""


_HANDED = msgspec.json.Decoder(_Handed)
_SAID = msgspec.json.Decoder(_Said)
_STS_KEYS = re.compile(r"<(AccessKeyId|SecretAccessKey|SessionToken|Expiration)>\s*([^<]*?)\s*</\1>")
_STS_WORDS = re.compile(r"<Message>\s*([^<]*?)\s*</Message>")


async def from_container(http: HttpPort, origin: Origin, target: str, token: str | None) -> Credentials:
    """ECS and EKS (AWS SDKs reference guide, "Container credential provider"). `token` goes into `authorization`."""
    headers = (("accept", "application/json"), *((("authorization", token),) if token else ()))
    said = await _ask(http, HttpRequest("GET", origin, target, headers), "the container's credential endpoint")
    return _handed(said, "the container's credential endpoint")


async def from_instance(http: HttpPort, origin: Origin) -> Credentials:
    """EC2, by version 2 of its metadata service (Amazon EC2 user guide, "Use IMDSv2"): a token, the role, its keys."""
    who = "the instance metadata service"
    lifetime = (("x-aws-ec2-metadata-token-ttl-seconds", "21600"),)
    token = await _ask(http, HttpRequest("PUT", origin, "/latest/api/token", lifetime), who)
    shown = (("x-aws-ec2-metadata-token", _line(token, who)),)
    role = _line(await _ask(http, HttpRequest("GET", origin, _METADATA, shown), who), who)
    said = await _ask(http, HttpRequest("GET", origin, _METADATA + quote(role, safe=""), shown), who)
    return _handed(said, who)


async def from_web_identity(
    http: HttpPort, origin: Origin, prefix: str, role: str, session: str, token: str
) -> Credentials:
    """AWS STS API reference, AssumeRoleWithWebIdentity; the call is not signed, `token` is what vouches for it."""
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": session,
        "WebIdentityToken": token,
    }
    body = "&".join(f"{name}={quote(value, safe='')}" for name, value in form.items()).encode()
    headers = (("content-type", "application/x-www-form-urlencoded"),)
    said = await _ask(http, HttpRequest("POST", origin, f"{prefix}/", headers, body), "STS", secret=token)
    found = {name: unescape(value) for name, value in _STS_KEYS.findall(said.decode("utf-8", "replace"))}
    try:
        expires_at = datetime.fromisoformat(found["Expiration"]).timestamp()
        key, secret, session_token = (found[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    except (KeyError, ValueError):
        raise _no_keys("STS") from None
    return checked(key, secret, session_token, "STS", expires_at)


async def _ask(http: HttpPort, request: HttpRequest, who: str, secret: str | None = None) -> bytes:
    try:
        response = await http.send(request)
        try:
            body = await response.read(_LIMIT)
        finally:
            response.abort()
    except UpstreamError as error:
        error.message = f"no credentials from {who}: {error.message}"
        error.args = (error.message,)
        error.sent = False  # the model was never asked
        raise
    if response.status == 200:
        return body
    raise _refusal(who, response.status, _words(body, secret))


def _refusal(who: str, status: int, said: str) -> LockgateError:
    text = f"{who} gave no credentials ({status})" + (f": {said}" if said else "")
    if status == 429 or status >= 500:
        return UpstreamError(text, kind="transient", upstream_status=status, sent=False)
    return UpstreamError(f"{text}; check the role and where this runs", kind="auth", upstream_status=status, sent=False)


def _words(body: bytes, secret: str | None) -> str:
    """The message alone: an answer may repeat the token."""
    text = body.decode("utf-8", "replace")
    found = _STS_WORDS.search(text)
    if found is not None:
        text = unescape(found.group(1))
    else:
        try:
            text = _SAID.decode(body).message
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
    return clip(text.replace(secret, "[redacted]") if secret else text)


def _handed(body: bytes, who: str) -> Credentials:
    try:
        keys = _HANDED.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _no_keys(who) from None
    return checked(keys.access_key_id, keys.secret_access_key, keys.token, who, keys.expiration.timestamp())


def _line(body: bytes, who: str) -> str:
    words = body.decode("ascii", "replace").split()
    if not words or not words[0].isprintable() or not words[0].isascii():
        raise SettingsError(f"{who} names no role; attach an instance profile, or use another auth")
    return words[0]


def _no_keys(who: str) -> UpstreamError:
    return UpstreamError(f"{who} answered with something that holds no credentials", kind="auth", sent=False)
