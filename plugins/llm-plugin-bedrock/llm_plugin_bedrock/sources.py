"""Where credentials come from when no secret holds them: environment, profile, web identity, container, instance."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from llm_plugin_bedrock.credentials import Credentials, read_environment
from llm_plugin_bedrock.fetching import from_container, from_instance, from_web_identity
from llm_plugin_bedrock.profile import read_profile
from llm_plugin_bedrock.settings import BedrockSettings, local_of, sts_of
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import HttpPort, Origin, UrlError, split_url

Fetch = Callable[[], Awaitable[Credentials]]

_FULL, _RELATIVE = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"


def source_of(settings: BedrockSettings, context: BuildContext, clock: Callable[[], float]) -> Fetch | None:
    """What fetches credentials anew; None where a secret holds them. Raises SettingsError for what is missing."""
    match settings.auth:
        case "env":
            held = read_environment(context.env)
            return lambda: _given(held)
        case "profile":
            return lambda: asyncio.to_thread(read_profile, settings.profile, context.env, clock())
        case "web-identity":
            return _web_identity(settings, context)
        case "container":
            return _container(settings, context)
        case "instance":
            origin, _ = local_of(settings, "metadata_url")
            return lambda: from_instance(context.http, origin)
        case _:
            return None


async def _given(held: Credentials) -> Credentials:
    return held


def _web_identity(settings: BedrockSettings, context: BuildContext) -> Fetch:
    env = context.env
    role = settings.role_arn or env.get("AWS_ROLE_ARN")
    file = settings.web_identity_token_file or env.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    if not role or not file:
        raise SettingsError(
            "auth: web-identity needs role_arn and web_identity_token_file (or AWS_ROLE_ARN and "
            "AWS_WEB_IDENTITY_TOKEN_FILE in the environment)"
        )
    session = settings.role_session_name or env.get("AWS_ROLE_SESSION_NAME") or "lockgate"
    origin, prefix = sts_of(settings)
    return lambda: _assume(context.http, origin, prefix, role, session, file)


async def _assume(http: HttpPort, origin: Origin, prefix: str, role: str, session: str, file: str) -> Credentials:
    token = await asyncio.to_thread(_read, file, "web_identity_token_file")
    return await from_web_identity(http, origin, prefix, role, session, token)


def _container(settings: BedrockSettings, context: BuildContext) -> Fetch:
    origin, target = local_of(settings, "container_url")
    target = target or _container_target(origin, context.env)
    return lambda: _ask_container(context.http, origin, target, context.env)


async def _ask_container(http: HttpPort, origin: Origin, target: str, env: Mapping[str, str]) -> Credentials:
    file = env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    token = env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    if file:
        token = await asyncio.to_thread(_read, file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    return await from_container(http, origin, target, token)


def _container_target(origin: Origin, env: Mapping[str, str]) -> str:
    relative, full = env.get(_RELATIVE), env.get(_FULL)
    if relative and relative.startswith("/"):
        return relative
    if not full:
        raise SettingsError(
            f"auth: container needs {_RELATIVE} or {_FULL} in the environment, or a path in container_url"
        )
    url, mark, query = full.partition("?")
    try:
        there, path = split_url(url)
    except UrlError as error:
        raise SettingsError(f"{_FULL}: {error}") from None
    if there != origin:
        raise SettingsError(f"{_FULL} points to {there}; set container_url to that, so that it may be asked")
    return (path or "/") + mark + query


def _read(path: str, name: str) -> str:
    try:
        text = Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: {path} cannot be read ({type(error).__name__})") from None
    if not text or any(not "!" <= mark <= "~" for mark in text):
        raise SettingsError(f"{name}: {path} holds no token")
    return text
