"""SecretsPort on Vault's key-value engine (Vault API: secret/kv/kv-v1, secret/kv/kv-v2)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from llm_plugin_vault.session import Place, Session
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import HttpPort, HttpRequest
from lockgate_ports.secret import Secret
from lockgate_ports.secret_store import Remembered, StoreRefusal, ask, part_of, secret_of, split_ref

_HINTS = {
    403: "the gateway's policy there does not allow reading it",
    404: "there is no such secret; see the path, mount and kv",
    503: "it is sealed or on standby",
}


class _First(Struct):
    data: dict[str, Any]


class _Second(Struct):
    data: _First


_V1 = msgspec.json.Decoder(_First)
_V2 = msgspec.json.Decoder(_Second)


class VaultSecrets:
    """`vault:llm/openai#key`: the field `key` of the secret `llm/openai`. The path may begin with the mount."""

    def __init__(
        self,
        http: HttpPort,
        place: Place,
        session: Session,
        mount: str,
        version: int,
        ttl: float,
        clock: Callable[[], float],
    ) -> None:
        self._http = http
        self._place = place
        self._session = session
        self._mount = mount.strip("/")
        self._version = version
        self._held: Remembered[dict[str, Any]] = Remembered(ttl, clock)

    async def fetch(self, ref: str) -> Secret:
        """The value as Vault has had it within `ttl`. Raises SettingsError."""
        path, field = split_ref(ref)
        fields = await self._held.get(path, lambda: self._read(path, ref))
        if field:
            return secret_of(part_of(fields, field, ref), ref)
        if len(fields) != 1:
            raise SettingsError(f"{ref}: the secret has {len(fields)} fields; say which: vault:{path}#field")
        return secret_of(part_of(fields, next(iter(fields)), ref), ref)

    async def aclose(self) -> None:
        """Forgets all, and ends the renewing of the token."""
        self._held.forget()
        await self._session.aclose()
        await self._http.aclose()

    async def _read(self, path: str, ref: str) -> dict[str, Any]:
        token = await self._session.token()
        try:
            return await self._asked(path, ref, token)
        except StoreRefusal as refusal:
            if refusal.status != 403:
                raise
            # A token that was revoked and a policy that forbids look the same; a new token tells them apart.
            self._session.refused(token)
            return await self._asked(path, ref, await self._session.token())

    async def _asked(self, path: str, ref: str, token: Secret) -> dict[str, Any]:
        inner = path.removeprefix(f"{self._mount}/")
        data = "data/" if self._version == 2 else ""
        target = f"{self._place.prefix}/{quote(self._mount)}/{data}{quote(inner)}"
        headers = (*self._place.headers, ("x-vault-token", token.reveal()))
        body = await ask(self._http, HttpRequest("GET", self._place.origin, target, headers), ref, "vault", _HINTS)
        try:
            return _V2.decode(body).data.data if self._version == 2 else _V1.decode(body).data
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SettingsError(f"{ref}: vault answers with something that is no secret; see kv and address") from None
