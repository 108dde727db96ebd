"""SecretsPort on Google Cloud's Secret Manager (REST reference, projects.secrets.versions.access)."""

import re
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from lockgate_ports.auth import Auth
from lockgate_ports.errors import LockgateError, SettingsError
from lockgate_ports.hooks import BuildContext, Factory
from lockgate_ports.http import HttpPort, HttpRequest, Origin
from lockgate_ports.http_settings import address
from lockgate_ports.secret import Secret
from lockgate_ports.secret_store import LOCAL_SCHEMES, Remembered, ask, part_of_text, secret_of, split_ref
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


class GcpSecrets:
    """`gcp-sm:openai`, `gcp-sm:openai/3` for a version, `gcp-sm:projects/P/secrets/S` of another project; `#field` of
    one that is JSON. `own` fetches the credentials of the gateway; None: the machine's."""

    def __init__(
        self,
        http: HttpPort,
        origin: Origin,
        project: str | None,
        auth: Auth,
        own: Callable[[], Awaitable[Secret]] | None,
        ttl: float,
        clock: Callable[[], float],
    ) -> None:
        self._http = http
        self._origin = origin
        self._project = project
        self._auth = auth
        self._own = own
        self._held: Remembered[str] = Remembered(ttl, clock)

    async def fetch(self, ref: str) -> Secret:
        """The version, as it was within `ttl`; `latest` where none is named. Raises SettingsError."""
        path, field = split_ref(ref)
        name = self._name(path, ref)
        text = await self._held.get(name, lambda: self._read(name, ref))
        return secret_of(part_of_text(text, field, ref), ref)

    async def aclose(self) -> None:
        """Forgets all."""
        self._held.forget()
        await self._http.aclose()

    def _name(self, path: str, ref: str) -> str:
        if _WHOLE.fullmatch(path):
            return path if "/versions/" in path else f"{path}/versions/latest"
        if self._project is None or _SHORT.fullmatch(path) is None:
            raise SettingsError(
                f"{ref}: write gcp-sm:name or gcp-sm:name/version, and secrets.gcp-sm.project; or "
                "gcp-sm:projects/P/secrets/S"
            )
        name, _, version = path.partition("/")
        return f"projects/{self._project}/secrets/{name}/versions/{version or 'latest'}"

    async def _read(self, name: str, ref: str) -> str:
        request = HttpRequest("GET", self._origin, f"/v1/{quote(name)}:access", (("accept", "application/json"),))
        try:
            signed = await self._auth.sign(request, None if self._own is None else await self._own())
        except LockgateError as error:
            raise SettingsError(f"{ref}: the gateway has no token for Secret Manager: {error.message}") from None
        body = await ask(self._http, signed, ref, "Secret Manager", _HINTS)
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
    origin = address(settings.base_url)[0]
    return GcpSecrets(context.http, origin, settings.project, auth, own, settings.ttl, time.monotonic)


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
