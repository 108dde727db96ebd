"""AWS credentials as a value, and how they are read from a secret or from environment variables."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from lockgate_ports.errors import SettingsError
from lockgate_ports.secret import Secret


class Credentials(Struct, frozen=True, kw_only=True):
    """Keys that sign; `expires_at` is seconds since 1970, None for keys that last. The repr shows no secret."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    expires_at: float | None = None

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id[:4]}...)"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        return [("access_key_id", f"{self.access_key_id[:4]}...")]


class _Stored(Struct, forbid_unknown_fields=True):
    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


_STORED = msgspec.json.Decoder(_Stored)
_FORMS = (
    "AKID:SECRET, AKID:SECRET:TOKEN, or JSON with access_key_id, secret_access_key and, where there is one, "
    "session_token"
)


def is_key_pair(secret: Secret) -> bool:
    """Whether it has the form of signing keys; a Bedrock API key has neither a brace nor a colon."""
    text = secret.reveal().strip()
    return text.startswith("{") or ":" in text


def read_secret(secret: Secret, access_key_id: str | None = None) -> Credentials:
    """The keys in a secret; with `access_key_id` from the settings it may hold the secret access key alone.

    Raises SettingsError, without a word of it, for a secret of another form.
    """
    text = secret.reveal().strip()
    if text.startswith("{"):
        try:
            stored = _STORED.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            raise SettingsError(f"the secret from {secret.ref!r} is JSON of another shape; store {_FORMS}") from None
        return checked(stored.access_key_id, stored.secret_access_key, stored.session_token, repr(secret.ref))
    if access_key_id is not None and ":" not in text:
        return checked(access_key_id, text, None, repr(secret.ref))
    pieces = text.split(":", 2)
    if len(pieces) < 2:
        raise SettingsError(
            f"the secret from {secret.ref!r} holds no AWS keys; store {_FORMS}; for a Bedrock API key set auth: bearer"
        )
    return checked(pieces[0], pieces[1], pieces[2] if len(pieces) > 2 else None, repr(secret.ref))


def read_environment(env: Mapping[str, str]) -> Credentials:
    """AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Raises SettingsError where the first two are
    not set."""
    key, secret = env.get("AWS_ACCESS_KEY_ID", ""), env.get("AWS_SECRET_ACCESS_KEY", "")
    if not key or not secret:
        raise SettingsError("auth: env needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")
    return checked(key, secret, env.get("AWS_SESSION_TOKEN") or None, "the environment")


def checked(key: str, secret: str, token: str | None, source: str, expires_at: float | None = None) -> Credentials:
    """Credentials that a header can carry. Raises SettingsError naming `source`."""
    for value in (key, secret, token or "x"):
        if not value or any(not "!" <= mark <= "~" for mark in value):
            raise SettingsError(f"the AWS keys from {source} are empty or hold spaces or letters outside ASCII")
    return Credentials(access_key_id=key, secret_access_key=secret, session_token=token, expires_at=expires_at)
