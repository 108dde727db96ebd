"""SecretsPort on Azure Key Vault (REST reference, Get Secret, 7.4)."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from llm_plugin_azure.entra import AUTHORITY, EntraAuth, Grant
from llm_plugin_azure_secrets.managed import METADATA, ManagedIdentity
from lockgate_ports.auth import Auth
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, Factory
from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.http_settings import address
from lockgate_ports.secret import Secret
from lockgate_ports.secret_reading import ReadSecrets, SignedGet
from lockgate_ports.secret_store import LOCAL_SCHEMES
from lockgate_ports.secrets import CredentialRef, SecretsPort

_RESOURCE = "https://vault.azure.net"
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}(/[0-9a-f]{32})?")
_HINTS = {
    401: "it does not accept the gateway's token",
    403: "the gateway may not read it (role Key Vault Secrets User), or the vault's firewall keeps it out",
    404: "there is no such secret, or no such version",
}


class AzureSecretsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`vault_url` is the vault, `https://NAME.vault.azure.net`. Who asks is the machine's managed identity, or a client
    of Entra ID with `tenant_id`, `client_id` and its secret at `credential_ref`, kept in `env:` or `file:`; with
    `managed-identity`, `client_id` chooses one of several. `ttl` is in seconds."""

    vault_url: str
    auth: Literal["managed-identity", "entra"] = "managed-identity"
    tenant_id: str | None = None
    client_id: str | None = None
    credential_ref: CredentialRef | None = None
    authority: str = AUTHORITY
    resource: str = _RESOURCE
    ttl: Annotated[float, Meta(gt=0)] = 60.0
    private_addresses: tuple[str, ...] = ()


class _Bundle(Struct):
    value: str


_BUNDLE = msgspec.json.Decoder(_Bundle)


class KeyVault:
    """`azure-kv:openai`, `azure-kv:openai/VERSION`, or a field of one that is JSON: `azure-kv:openai#key`."""

    def __init__(self, origin: Origin, get: SignedGet) -> None:
        self._origin = origin
        self._get = get

    def name_of(self, path: str, ref: str) -> str:
        """A name, or a name and a version. Raises SettingsError."""
        if _NAME.fullmatch(path) is None:
            raise SettingsError(f"{ref}: names no secret of a vault; write azure-kv:name or azure-kv:name/version")
        return path

    async def read(self, name: str, ref: str) -> str:
        """The current version, or the one named. Raises SettingsError."""
        target = f"/secrets/{quote(name)}?api-version=7.4"
        body = await self._get.body(HttpRequest("GET", self._origin, target, (("accept", "application/json"),)), ref)
        try:
            return _BUNDLE.decode(body).value
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SettingsError(f"{ref}: Key Vault answers with something that is no secret") from None


def _build(settings: AzureSecretsSettings, context: BuildContext) -> SecretsPort:
    origin = _vault(settings)
    if settings.auth == "managed-identity":
        auth: Auth = ManagedIdentity(context.http, settings.resource, settings.client_id, time.monotonic)
        return _secrets(settings, context, origin, auth, None)
    ref = settings.credential_ref
    if settings.tenant_id is None or settings.client_id is None or ref is None:
        raise SettingsError("secrets.azure-kv: auth: entra needs tenant_id, client_id and credential_ref")
    if ref.partition(":")[0] not in LOCAL_SCHEMES:
        raise SettingsError("secrets.azure-kv.credential_ref: must be kept in env: or file:")
    place, prefix = address(settings.authority)
    grant = Grant(
        origin=place,
        prefix=prefix,
        tenant_id=settings.tenant_id,
        client_id=settings.client_id,
        scope=f"{settings.resource}/.default",
    )
    entra = EntraAuth(grant, context.http, time.monotonic)
    own = lambda: context.secret(ref)  # noqa: E731  a name for what is handed on
    return _secrets(settings, context, origin, entra, own)


def _secrets(
    settings: AzureSecretsSettings,
    context: BuildContext,
    origin: Origin,
    auth: Auth,
    own: Callable[[], Awaitable[Secret]] | None,
) -> SecretsPort:
    vault = KeyVault(origin, SignedGet(context.http, auth, own, "Key Vault", _HINTS))
    return ReadSecrets(vault, context.http, settings.ttl, time.monotonic)


def _vault(settings: AzureSecretsSettings) -> Origin:
    try:
        origin, path = address(settings.vault_url)
    except SettingsError as error:
        raise SettingsError(error.message.replace("base_url", "vault_url", 1)) from None
    if path:
        raise SettingsError("vault_url: is followed by a path; write https://NAME.vault.azure.net")
    return origin


def _origins(settings: AzureSecretsSettings) -> tuple[Origin, ...]:
    tokens = METADATA if settings.auth == "managed-identity" else address(settings.authority)[0]
    return (_vault(settings), tokens)


def _private(settings: AzureSecretsSettings) -> tuple[str, ...]:
    local = ("169.254.169.254/32",) if settings.auth == "managed-identity" else ()
    return (*settings.private_addresses, *local)


AZURE_KV: Factory[AzureSecretsSettings, SecretsPort] = Factory(
    kind="azure-kv",
    settings=AzureSecretsSettings,
    build=_build,
    summary="keys in Azure Key Vault",
    origins=_origins,
    private_addresses=_private,
)
