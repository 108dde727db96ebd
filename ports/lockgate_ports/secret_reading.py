"""SecretsPort over a store that is asked for one secret at a time: what it answers is kept for a while."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from lockgate_ports.auth import Auth
from lockgate_ports.errors import LockgateError, SettingsError
from lockgate_ports.http import HttpPort, HttpRequest
from lockgate_ports.secret import Secret
from lockgate_ports.secret_store import Remembered, ask, part_of_text, secret_of, split_ref


class Reading(Protocol):
    """How such a store is asked."""

    def name_of(self, path: str, ref: str) -> str:
        """The store's own name for what stands between the scheme and the `#` of a reference. Raises SettingsError."""
        ...

    async def read(self, name: str, ref: str) -> str:
        """The text of the secret, now. Raises SettingsError."""
        ...


class ReadSecrets:
    """`SCHEME:path`, or a field of a secret that is JSON: `SCHEME:path#field`. `ttl` is in seconds by `clock`, which is
    monotonic."""

    def __init__(self, reading: Reading, http: HttpPort, ttl: float, clock: Callable[[], float]) -> None:
        self._reading = reading
        self._http = http
        self._held: Remembered[str] = Remembered(ttl, clock)

    async def fetch(self, ref: str) -> Secret:
        """The value as it was within `ttl`. Raises SettingsError."""
        path, field = split_ref(ref)
        name = self._reading.name_of(path, ref)
        text = await self._held.get(name, lambda: self._reading.read(name, ref))
        return secret_of(part_of_text(text, field, ref), ref)

    async def aclose(self) -> None:
        """Forgets all."""
        self._held.forget()
        await self._http.aclose()


class SignedGet:
    """GETs of a store by tokens that `auth` has. `own` fetches the gateway's credentials; None: the machine has some.
    `store` is its name for people, `hints` say what to do by status."""

    def __init__(
        self,
        http: HttpPort,
        auth: Auth,
        own: Callable[[], Awaitable[Secret]] | None,
        store: str,
        hints: Mapping[int, str],
    ) -> None:
        self._http = http
        self._auth = auth
        self._own = own
        self._store = store
        self._hints = hints

    async def body(self, request: HttpRequest, ref: str) -> bytes:
        """Of the answer. Raises SettingsError when there is no token or no answer."""
        try:
            signed = self._auth.sign(request, None if self._own is None else await self._own())
            if not isinstance(signed, HttpRequest):
                signed = await signed
        except LockgateError as error:
            raise SettingsError(f"{ref}: the gateway has no token for {self._store}: {error.message}") from None
        return await ask(self._http, signed, ref, self._store, self._hints)
