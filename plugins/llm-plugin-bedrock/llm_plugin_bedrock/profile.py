"""Keys of a profile in the shared AWS configuration files, read by botocore's credential providers."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from llm_plugin_bedrock.credentials import Credentials, checked
from lockgate_ports.errors import SettingsError

_ELSEWHERE = ("role_arn", "sso_session", "sso_start_url", "credential_process", "login_session", "source_profile")
KEPT = 300.0
"""Seconds after which the files are read again: other programs put new session keys there."""


def read_profile(name: str, env: Mapping[str, str], now: float) -> Credentials:
    """Blocks: it reads files. Raises SettingsError for a profile without keys of its own."""
    home = Path(env["HOME"]) if env.get("HOME") else Path.home()
    files = {
        "credentials": env.get("AWS_SHARED_CREDENTIALS_FILE") or str(home / ".aws" / "credentials"),
        "config": env.get("AWS_CONFIG_FILE") or str(home / ".aws" / "config"),
    }
    module: Any = import_module("botocore.credentials")
    faults: Any = import_module("botocore.exceptions")
    try:
        shared = module.SharedCredentialProvider(files["credentials"], profile_name=name).load()
        found = shared or module.ConfigProvider(files["config"], profile_name=name).load()
    except faults.BotoCoreError as error:
        raise SettingsError(f"profile {name!r} cannot be read: {type(error).__name__}; check {files}") from None
    if found is None:
        raise SettingsError(f"profile {name!r}: {_without_keys(name, files)}")
    frozen = found.get_frozen_credentials()
    source = f"profile {name!r}"
    return checked(frozen.access_key, frozen.secret_key, frozen.token or None, source, now + KEPT)


def _without_keys(name: str, files: Mapping[str, str]) -> str:
    loader: Any = import_module("botocore.configloader")
    profile: Mapping[str, Any] = {}
    if Path(files["config"]).is_file():
        profile = loader.load_config(files["config"])["profiles"].get(name, {})
    if other := [word for word in _ELSEWHERE if word in profile]:
        return (
            f"it names {other[0]}, which is not followed here; use auth: web-identity, container or instance, "
            "or put keys in it"
        )
    return f"there are no keys of this name in {files['credentials']} or {files['config']}"
