"""The one redactor: every log line, error, label and report of this process passes it before anybody sees it."""

import re

from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.secret import Secret

BLOT = "[redacted]"
_WORD = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|[^\s\"'<>{}\[\](),;:=\\]{8,}")
"""A word; or an escape, which is passed over so that a blotted JSON string is still one."""
_KEY_PREFIX = re.compile(
    r"\b(?:(?:sk|pk|rk|ghp|gho|hvs|xox[a-z])[-_.]|AKIA|AIza|(?:key[-_]|Bearer |Basic )(?=[A-Za-z+/=_\-]*\d))"
    r"[A-Za-z0-9+/=_\-]{8,}"
)
_USERINFO = re.compile(r"//[^/@\s]*@")
_SHARE = 8
_SHORT = 6
_MOST = 400_000
"""Shares that are kept, of some ten thousand keys; past it the oldest are forgotten."""


class Redactor:
    """Blots out every secret that was handed out, also where eight characters in a row of it are quoted, and what looks
    like a key. It costs nothing until there is something to tell."""

    def __init__(self) -> None:
        self._shares: dict[str, None] = {}
        self._short: dict[str, None] = {}

    def remember(self, secret: Secret) -> None:
        """From now on it is blotted out. Of a document, such as an account's JSON, the words that look random are."""
        value = secret.reveal()
        if len(value) < _SHARE:
            if len(value) >= _SHORT:
                self._short[value] = None
            return
        words = _WORD.findall(value)
        for word in [value] if len(words) <= 1 else filter(_looks_random, words):
            if word[:_SHARE] in self._shares and word[-_SHARE:] in self._shares:
                continue
            for at in range(len(word) - _SHARE + 1):
                self._shares[word[at : at + _SHARE]] = None
        while len(self._shares) > _MOST:
            del self._shares[next(iter(self._shares))]

    def __call__(self, text: str) -> str:
        """`text` as it may be shown."""
        for value in tuple(self._short):
            text = text.replace(value, BLOT)
        if self._shares:
            text = _WORD.sub(self._blot, text)
        return _KEY_PREFIX.sub(BLOT, _USERINFO.sub(f"//{BLOT}@", text))

    def clean(self, error: LockgateError) -> None:
        """The error itself, with all that a client, a log or a debugger would show of it."""
        error.message = self(error.message)
        error.args = (error.message,)
        if isinstance(error, UpstreamError):
            if error.upstream_message is not None:
                error.upstream_message = self(error.upstream_message)
            if error.upstream_request_id is not None:
                error.upstream_request_id = self(error.upstream_request_id)
            error.headers = tuple([field for field in error.headers if self(field[1]) == field[1]])
            if error.body is not None:
                text = error.body.decode("utf-8", "surrogateescape")
                error.body = self(text).encode("utf-8", "surrogateescape")

    def _blot(self, match: re.Match[str]) -> str:
        word = match.group()
        shares = self._shares
        return BLOT if any(word[at : at + _SHARE] in shares for at in range(len(word) - _SHARE + 1)) else word


def _looks_random(word: str) -> bool:
    digits = any(mark.isdigit() for mark in word)
    return len(word) >= 16 and digits and any(mark.isalpha() for mark in word) and not word.startswith("//")


redact = Redactor()
"""Of the process, not of a gateway: a log line does not say whose it is."""
