"""The scheme `vault`: its settings, and how a store is built from them."""

import asyncio
import time
from typing import Annotated, Literal

from msgspec import Meta, Struct

from llm_plugin_vault.session import Login, Place, Session
from llm_plugin_vault.store import VaultSecrets
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, Factory
from lockgate_ports.http import Headers, Origin
from lockgate_ports.http_settings import address
from lockgate_ports.secret_store import LOCAL_SCHEMES
from lockgate_ports.secrets import CredentialRef, SecretsPort

_JWT_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token"


class VaultSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`address` is where Vault stands, `mount` that of the key-value engine and `kv` its version. `auth` says how the
    gateway signs in: with a token, as an AppRole, or as a Kubernetes service account; `auth_mount` is that method's,
    where it is not its name. `ttl` is in seconds."""

    address: str
    mount: str = "secret"
    kv: Literal[1, 2] = 2
    namespace: str | None = None
    auth: Literal["token", "approle", "kubernetes"] = "token"
    auth_mount: str | None = None
    token_ref: CredentialRef = "env:VAULT_TOKEN"  # noqa: S105  a place
    role_id: str | None = None
    secret_id_ref: CredentialRef | None = None
    role: str | None = None
    jwt_file: str = _JWT_FILE
    ttl: Annotated[float, Meta(gt=0)] = 60.0
    private_addresses: tuple[str, ...] = ()


def build(settings: VaultSettings, context: BuildContext) -> SecretsPort:
    """Raises SettingsError for settings that lack what `auth` needs."""
    origin, prefix = _place(settings)
    headers: Headers = (("x-vault-request", "true"), ("accept", "application/json"))
    if settings.namespace is not None:
        headers = (*headers, ("x-vault-namespace", settings.namespace))
    place = Place(origin, f"{prefix}/v1", headers)
    session = Session(context.http, place, _login(settings, context), time.monotonic, asyncio.sleep)
    return VaultSecrets(context.http, place, session, settings.mount, settings.kv, settings.ttl, time.monotonic)


def _login(settings: VaultSettings, context: BuildContext) -> Login:
    mount = (settings.auth_mount or settings.auth).strip("/")
    match settings.auth:
        case "token":
            ref = _local("token_ref", settings.token_ref)
            return Login(None, lambda: context.secret(ref))
        case "approle":
            if settings.role_id is None or settings.secret_id_ref is None:
                raise SettingsError("secrets.vault: auth: approle needs role_id and secret_id_ref")
            ref = _local("secret_id_ref", settings.secret_id_ref)
            return Login(
                f"/auth/{mount}/login", lambda: context.secret(ref), "secret_id", {"role_id": settings.role_id}
            )
        case "kubernetes":
            if settings.role is None:
                raise SettingsError("secrets.vault: auth: kubernetes needs role")
            # Pods see their token readable for a group or for all; the mode is the cluster's choice.
            return Login.of_file(f"/auth/{mount}/login", settings.jwt_file, "jwt", {"role": settings.role})


def _local(name: str, ref: str) -> str:
    if ref.partition(":")[0] not in LOCAL_SCHEMES:
        raise SettingsError(f"secrets.vault.{name}: must be kept in env: or file:")
    return ref


def _place(settings: VaultSettings) -> tuple[Origin, str]:
    try:
        return address(settings.address)
    except SettingsError as error:
        raise SettingsError(f"secrets.vault: {error.message.replace('base_url', 'address', 1)}") from None


VAULT: Factory[VaultSettings, SecretsPort] = Factory(
    kind="vault",
    settings=VaultSettings,
    build=build,
    summary="keys in the key-value engine of HashiCorp Vault or OpenBao",
    origins=lambda settings: (_place(settings)[0],),
    private_addresses=lambda settings: settings.private_addresses,
)
