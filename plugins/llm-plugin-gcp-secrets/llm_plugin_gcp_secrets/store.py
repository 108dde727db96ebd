"""SecretsPort on Google Cloud's Secret Manager (REST reference, projects.secrets.versions.access)."""

import re
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, Factory
from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.http_settings import address
from lockgate_ports.secret import Secret
from lockgate_ports.secret_reading import ReadSecrets, SignedGet
from lockgate_ports.secret_store import LOCAL_SCHEMES
from lockgate_ports.secrets import CredentialRef, SecretsPort

_WHOLE = re.compile(r"projects/[^/]+/secrets/[^/]+(/versions/[^/]+)?")
_SHORT = re.compile(r"[^/]+(/[^/]+)?")
_HINTS = {
    401: "it does not accept the gateway's token",
    403: "the gateway's account may not read it (roles/secretmanager.secretAccessor), or it does not exist",
    404: "there is no such secret, or no such version",
}


class GcpSecretsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`project` is that of references by name alone. Who asks is the account of the machine, or that of the JSON (or
    token) at `credential_ref`, kept in `env:` or `file:`. `ttl` is in seconds."""

    project: str | None = None
    credentials: Literal["secret", "metadata"] = "metadata"
    credential_ref: CredentialRef | None = None
    base_url: str = "https://secretmanager.googleapis.com"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105  an address
    metadata_url: str = "http://metadata.google.internal"
    ttl: Annotated[float, Meta(gt=0)] = 60.0
    private_addresses: tuple[str, ...] = ()


class _Payload(Struct):
    data: str


class _Version(Struct):
    payload: _Payload


_VERSION = msgspec.json.Decoder(_Version)


class SecretManager:
    """`gcp-sm:openai`, `gcp-sm:openai/3` for a version, `gcp-sm:projects/P/secrets/S` of another project; `#field` of
    one that is JSON."""

    def __init__(self, origin: Origin, project: str | None, get: SignedGet) -> None:
        self._origin = origin
        self._project = project
        self._get = get

    def name_of(self, path: str, ref: str) -> str:
        """In full; `latest` where no version is named. Raises SettingsError."""
        if _WHOLE.fullmatch(path):
            return path if "/versions/" in path else f"{path}/versions/latest"
        if self._project is None or _SHORT.fullmatch(path) is None:
            raise SettingsError(
                f"{ref}: write gcp-sm:name or gcp-sm:name/version, and secrets.gcp-sm.project; or "
                "gcp-sm:projects/P/secrets/S"
            )
        name, _, version = path.partition("/")
        return f"projects/{self._project}/secrets/{name}/versions/{version or 'latest'}"

    async def read(self, name: str, ref: str) -> str:
        """The version. Raises SettingsError."""
        target = f"/v1/{quote(name)}:access"
        body = await self._get.body(HttpRequest("GET", self._origin, target, (("accept", "application/json"),)), ref)
        try:
            return b64decode(_VERSION.decode(body).payload.data, validate=True).decode()
        except (msgspec.DecodeError, ValueError):
            raise SettingsError(f"{ref}: Secret Manager answers with something that is no text") from None


def _build(settings: GcpSecretsSettings, context: BuildContext) -> SecretsPort:
    from llm_plugin_google.tokens import GoogleAuth

    own: Callable[[], Awaitable[Secret]] | None = None
    metadata: Origin | None = None
    if settings.credentials == "metadata":
        metadata = address(settings.metadata_url)[0]
    else:
        ref = settings.credential_ref
        if ref is None or ref.partition(":")[0] not in LOCAL_SCHEMES:
            raise SettingsError(
                "secrets.gcp-sm: credentials: secret needs a credential_ref that is kept in env: or file:"
            )
        own = lambda: context.secret(ref)  # noqa: E731  a name for what is handed on
    auth = GoogleAuth(context.http, address(settings.token_url), metadata)
    get = SignedGet(context.http, auth, own, "Secret Manager", _HINTS)
    manager = SecretManager(address(settings.base_url)[0], settings.project, get)
    return ReadSecrets(manager, context.http, settings.ttl, time.monotonic)


def _origins(settings: GcpSecretsSettings) -> tuple[Origin, ...]:
    tokens = settings.metadata_url if settings.credentials == "metadata" else settings.token_url
    return (address(settings.base_url)[0], address(tokens)[0])


def _private(settings: GcpSecretsSettings) -> tuple[str, ...]:
    """The metadata server is at a link-local address."""
    return (*settings.private_addresses, *(("169.254.169.254/32",) if settings.credentials == "metadata" else ()))


GCP_SM: Factory[GcpSecretsSettings, SecretsPort] = Factory(
    kind="gcp-sm",
    settings=GcpSecretsSettings,
    build=_build,
    summary="keys in Google Cloud's Secret Manager",
    origins=_origins,
    private_addresses=_private,
)
