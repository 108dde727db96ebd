"""SecretsPort on AWS Secrets Manager (API reference, GetSecretValue), signed by Signature Version 4."""

import asyncio
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from llm_plugin_bedrock.cached import CachedCredentials
from llm_plugin_bedrock.credentials import Credentials, read_secret
from llm_plugin_bedrock.settings import BedrockSettings, origins_of, region_of
from llm_plugin_bedrock.signing import load_signer
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, Factory
from lockgate_ports.http import HttpPort, HttpRequest, Origin
from lockgate_ports.http_settings import address
from lockgate_ports.secret_reading import ReadSecrets
from lockgate_ports.secret_store import LOCAL_SCHEMES, ask
from lockgate_ports.secrets import CredentialRef, SecretsPort

_SERVICE = "secretsmanager"
_HINTS = {
    400: "it knows no such secret in this region, or does not let the gateway read it",
    403: "it does not accept the gateway's credentials",
}


class AwsSecretsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`auth` says where credentials come from: `keys` takes them from `credential_ref` (`AKID:SECRET`, kept in `env:`
    or `file:`), the others are those of llm-plugin-bedrock. `ttl` is in seconds."""

    region: str
    auth: Literal["keys", "env", "profile", "web-identity", "container", "instance"] = "env"
    credential_ref: CredentialRef | None = None
    profile: str = "default"
    role_arn: str | None = None
    web_identity_token_file: str | None = None
    base_url: str | None = None
    ttl: Annotated[float, Meta(gt=0)] = 60.0
    private_addresses: tuple[str, ...] = ()


class _Value(Struct, rename={"text": "SecretString", "binary": "SecretBinary"}):
    text: str | None = None
    binary: str | None = None


_VALUE = msgspec.json.Decoder(_Value)


class SecretsManager:
    """`aws-sm:prod/openai`, or a field of one that is JSON: `aws-sm:prod/openai#key`. An ARN is a name as well."""

    def __init__(
        self,
        http: HttpPort,
        origin: Origin,
        region: str,
        credentials: Callable[[], Awaitable[Credentials]],
        wall: Callable[[], float],
    ) -> None:
        self._http = http
        self._origin = origin
        self._region = region
        self._credentials = credentials
        self._wall = wall

    def name_of(self, path: str, ref: str) -> str:
        """As it stands."""
        return path

    async def read(self, name: str, ref: str) -> str:
        """The current version. Raises SettingsError."""
        signer = await asyncio.to_thread(load_signer)
        headers = (
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "secretsmanager.GetSecretValue"),
        )
        request = HttpRequest("POST", self._origin, "/", headers, msgspec.json.encode({"SecretId": name}))
        signed = signer.sign(request, await self._credentials(), self._region, self._wall(), _SERVICE)
        body = await ask(self._http, signed, ref, "AWS Secrets Manager", _HINTS)
        try:
            value = _VALUE.decode(body)
            text = value.text if value.text is not None else b64decode(value.binary or "", validate=True).decode()
        except (msgspec.DecodeError, ValueError):
            raise SettingsError(f"{ref}: AWS Secrets Manager answers with something that is no text") from None
        return text


def _build(settings: AwsSecretsSettings, context: BuildContext) -> SecretsPort:
    fetch: Callable[[], Awaitable[Credentials]]
    if settings.auth == "keys":
        ref = settings.credential_ref
        if ref is None or ref.partition(":")[0] not in LOCAL_SCHEMES:
            raise SettingsError("secrets.aws-sm: auth: keys needs a credential_ref that is kept in env: or file:")

        async def own() -> Credentials:
            return read_secret(await context.secret(ref))

        fetch = own
    else:
        from llm_plugin_bedrock.sources import source_of  # brings every way to ask AWS for credentials

        source = source_of(_as_bedrock(settings), context, time.time)
        if source is None:
            raise SettingsError(f"secrets.aws-sm: auth: {settings.auth} has no source of credentials")
        fetch = CachedCredentials(source, time.time).get
    origin, _ = _place(settings)
    manager = SecretsManager(context.http, origin, settings.region, fetch, time.time)
    return ReadSecrets(manager, context.http, settings.ttl, time.monotonic)


def _as_bedrock(settings: AwsSecretsSettings) -> BedrockSettings:
    return BedrockSettings(
        region=settings.region,
        base_url=settings.base_url,
        auth=settings.auth if settings.auth != "keys" else "sigv4",
        profile=settings.profile,
        role_arn=settings.role_arn,
        web_identity_token_file=settings.web_identity_token_file,
    )


def _place(settings: AwsSecretsSettings) -> tuple[Origin, str]:
    suffix = "amazonaws.com.cn" if settings.region.startswith("cn-") else "amazonaws.com"
    return address(settings.base_url or f"https://{_SERVICE}.{region_of(_as_bedrock(settings))}.{suffix}")


def _origins(settings: AwsSecretsSettings) -> tuple[Origin, ...]:
    """Besides the service itself, what hands out credentials."""
    return (_place(settings)[0], *origins_of(_as_bedrock(settings))[1:])


def _private(settings: AwsSecretsSettings) -> tuple[str, ...]:
    local = {"container": ("169.254.170.2/32",), "instance": ("169.254.169.254/32",)}
    return (*settings.private_addresses, *local.get(settings.auth, ()))


AWS_SM: Factory[AwsSecretsSettings, SecretsPort] = Factory(
    kind="aws-sm",
    settings=AwsSecretsSettings,
    build=_build,
    summary="keys in AWS Secrets Manager",
    origins=_origins,
    private_addresses=_private,
)
