"""The settings of kind `bedrock`, and the places they name."""

import re
from typing import Literal

from msgspec import Struct

from lockgate_ports.cards import ModelCard
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import Origin
from lockgate_ports.http_settings import RESPONSE_LIMIT, address

Body = Literal["anthropic", "nova", "openai", "titan"]
"""The languages that InvokeModel is asked in."""
AuthStyle = Literal["sigv4", "bearer", "env", "profile", "web-identity", "container", "instance"]

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")
_REGION_IN_HOST = re.compile(r"(?:^|\.)bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.")


class BedrockSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`region` and `base_url` tell each other; one of them is needed. `auth` says where credentials come from; without
    it the form of the secret tells a key pair (`sigv4`) from a Bedrock API key (`bearer`).

    `api` is what a request in another language than the model's own is translated for; `invoke` names, for models that
    are to be asked by InvokeModel whatever `api` says, the language of their bodies. `betas` are Anthropic's, for every
    request to Claude by InvokeModel.

    `access_key_id` stands here when the secret is the secret access key alone. `behind` names, for an ARN, the model it
    stands for. `response_limit` is in bytes, of one whole answer; `models` are laid over the catalogue.
    """

    region: str | None = None
    base_url: str | None = None
    auth: AuthStyle | None = None
    access_key_id: str | None = None
    profile: str = "default"
    role_arn: str | None = None
    role_session_name: str | None = None
    web_identity_token_file: str | None = None
    sts_url: str | None = None
    container_url: str = "http://169.254.170.2"
    metadata_url: str = "http://169.254.169.254"
    behind: dict[str, str] = {}
    api: Literal["converse", "invoke"] = "converse"
    invoke: dict[str, Body] = {}
    betas: tuple[str, ...] = ()
    params: Params = "drop"
    models: tuple[str | ModelCard, ...] = ()
    response_limit: int = RESPONSE_LIMIT


def region_of(settings: BedrockSettings) -> str:
    """The region that requests are signed for. Raises SettingsError where nothing tells it."""
    if settings.region is not None:
        if _REGION.fullmatch(settings.region) is None:
            raise SettingsError(f"region: {settings.region!r} is no AWS region, such as us-east-1")
        return settings.region
    if settings.base_url is None:
        raise SettingsError("region: say in which AWS region Bedrock is asked, such as us-east-1 (or give a base_url)")
    found = _REGION_IN_HOST.search(address(settings.base_url)[0].host)
    return found.group(1) if found else "us-east-1"


def endpoint_of(settings: BedrockSettings) -> tuple[Origin, str]:
    """Origin and path prefix of the runtime endpoint. Raises SettingsError."""
    region = region_of(settings)
    return address(settings.base_url or f"https://bedrock-runtime.{region}.{_suffix(region)}")


def sts_of(settings: BedrockSettings) -> tuple[Origin, str]:
    """Origin and path prefix of the region's STS. Raises SettingsError."""
    region = region_of(settings)
    try:
        return address(settings.sts_url or f"https://sts.{region}.{_suffix(region)}")
    except SettingsError as error:
        raise SettingsError(str(error).replace("base_url", "sts_url")) from None


def local_of(settings: BedrockSettings, name: Literal["container_url", "metadata_url"]) -> tuple[Origin, str]:
    """Origin and path of a service beside the process. Raises SettingsError."""
    try:
        return address(getattr(settings, name))
    except SettingsError as error:
        raise SettingsError(str(error).replace("base_url", name)) from None


def origins_of(settings: BedrockSettings) -> tuple[Origin, ...]:
    """Every place that is asked with these settings. Raises SettingsError."""
    origins = [endpoint_of(settings)[0]]
    match settings.auth:
        case "web-identity":
            origins.append(sts_of(settings)[0])
        case "container":
            origins.append(local_of(settings, "container_url")[0])
        case "instance":
            origins.append(local_of(settings, "metadata_url")[0])
        case _:
            pass
    return tuple(origins)


def _suffix(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
