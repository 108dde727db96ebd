"""What secret stores have in common: references taken apart, documents, values kept for a while, answers over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar, cast

import msgspec

from lockgate_ports.errors import SettingsError, UpstreamError
from lockgate_ports.http import HttpPort, HttpRequest
from lockgate_ports.secret import Secret

LOCAL_SCHEMES = ("env", "file")
"""Where the credentials of a store itself, and of a proxy, are kept: no other store is needed to have them."""
_LIMIT = 1024 * 1024

T = TypeVar("T")


class StoreRefusal(SettingsError):
    """A store answered with `status`, and not with a secret."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def split_ref(ref: str) -> tuple[str, str]:
    """`vault:llm/openai#key` -> `llm/openai` and `key`; the part is empty where there is none. Raises SettingsError for
    a path that leads elsewhere."""
    path, _, part = ref.partition(":")[2].partition("#")
    path = path.strip("/")
    if not path or any(step in ("", ".", "..") for step in path.split("/")):
        raise SettingsError(f"{ref}: names no place in the store; write {ref.partition(':')[0]}:path#field")
    return path, part


def part_of(document: Any, part: str, ref: str) -> str:
    """The string at a dotted path. Keys that hold dots themselves are found too. Raises SettingsError."""
    value = document
    rest = part
    while rest:
        if not isinstance(value, Mapping):
            break
        table = cast(Mapping[str, Any], value)
        key = next((key for key in _prefixes(rest) if key in table), None)
        if key is None:
            raise SettingsError(f"{ref}: there is no {part!r}")
        value = table[key]
        rest = rest[len(key) + 1 :]
    if rest or not isinstance(value, str):
        raise SettingsError(f"{ref}: what stands there is not a single value")
    return value


def part_of_text(text: str, part: str, ref: str) -> str:
    """The whole of `text`, or what its JSON has at `part`. Raises SettingsError."""
    if not part:
        return text
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise SettingsError(f"{ref}: the secret is no JSON; leave out the # part for the whole of it") from None
    return part_of(document, part, ref)


def secret_of(value: str, ref: str) -> Secret:
    """The value without the white space around it. Raises SettingsError for one that is blank."""
    if not value.strip():
        raise SettingsError(f"{ref}: is blank; write the key there")
    return Secret(value.strip(), ref)


async def ask(http: HttpPort, request: HttpRequest, ref: str, store: str, hints: Mapping[int, str]) -> bytes:
    """The body of an answer with status 200 or 204.

    Raises SettingsError when `store` cannot be asked, StoreRefusal with the hint for its status. Nothing of an answer
    is repeated: it may quote what it was shown.
    """
    try:
        response = await http.send(request)
        try:
            body = await response.read(_LIMIT)
        finally:
            response.abort()
    except UpstreamError as error:
        raise SettingsError(f"{ref}: {store} cannot be asked: {error.message}") from None
    if response.status in (200, 204):
        return body
    hint = hints.get(response.status, "")
    raise StoreRefusal(f"{ref}: {store} answers {response.status}" + (f"; {hint}" if hint else ""), response.status)


class Remembered(Generic[T]):
    """Values by name, each kept for `ttl` seconds and then got anew, by one caller at a time. `clock` is monotonic."""

    def __init__(self, ttl: float, clock: Callable[[], float]) -> None:
        self._ttl = ttl
        self._clock = clock
        self._held: dict[str, tuple[float, T]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, name: str, fetch: Callable[[], Awaitable[T]]) -> T:
        """The value. Raises what `fetch` raises: whoever asks has the last good one still."""
        held = self._held.get(name)
        if held is not None and self._clock() < held[0]:
            return held[1]
        async with self._locks.setdefault(name, asyncio.Lock()):
            held = self._held.get(name)
            if held is not None and self._clock() < held[0]:
                return held[1]
            value = await fetch()
            self._held[name] = (self._clock() + self._ttl, value)
            return value

    def forget(self) -> None:
        """All of it."""
        self._held.clear()


def _prefixes(dotted: str) -> list[str]:
    """`a.b.c` -> `a.b.c`, `a.b`, `a`."""
    words = dotted.split(".")
    return [".".join(words[:count]) for count in range(len(words), 0, -1)]
