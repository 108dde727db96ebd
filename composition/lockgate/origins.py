"""Which part of the settings has the last word on how a call is made: for `explain`."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from lockgate.settings import Settings
from lockgate.settings.model import Retry, Timeouts
from lockgate.settings.routes import OwnRetry, OwnTimeouts, Route, Stream
from lockgate_ports.context import Target

Parts = Sequence[tuple[str, Struct | None]]
"""Parts of the settings by their path, from the most general to the most special."""


class Origins:
    """Asked with a target, the route and the profile of a call; tells for `timeouts.idle`, `retry.max_attempts`,
    `stream` and the like where their value stands, `default` where it stands nowhere."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, target: Target, route: str, profile_id: str | None) -> Mapping[str, str]:
        """By name."""
        settings, provider = self._settings, f"providers.{target.provider_id}"
        row = settings.providers[target.provider_id]
        routed = settings.routes.get(route) or Route()
        profile = settings.profiles.get(profile_id or "")
        timeouts: Parts = (
            (f"{provider}.timeouts", row.timeouts),
            (f"{provider}.model_timeouts.{target.model}", row.model_timeouts.get(target.model)),
            (f"routes.{route}.timeouts", routed.timeouts),
            (f"profiles.{profile_id}.timeouts", profile and profile.timeouts),
        )
        retry: Parts = (
            (f"{provider}.retry", row.retry),
            (f"{provider}.model_retry.{target.model}", row.model_retry.get(target.model)),
            (f"routes.{route}.retry", routed.retry),
            (f"profiles.{profile_id}.retry", profile and profile.retry),
        )
        found = {
            **_of("timeouts", settings.timeouts, Timeouts(), OwnTimeouts.__struct_fields__, timeouts),
            **_of("retry", settings.retry, Retry(), OwnRetry.__struct_fields__, retry),
        }
        found["stream"] = f"routes.{route}.stream" if routed.stream != Stream() else "default"
        if profile is not None and profile.stream is not None:
            found["stream"] = f"profiles.{profile_id}.stream"
        return found


def _of(name: str, whole: Struct, default: Struct, fields: Sequence[str], parts: Parts) -> dict[str, str]:
    return {f"{name}.{field}": _origin(name, whole, default, field, parts) for field in fields}


def _origin(name: str, whole: Struct, default: Struct, field: str, parts: Parts) -> str:
    for path, part in reversed(parts):
        if part is not None and getattr(part, field) is not None:
            return path
    return name if getattr(whole, field) != getattr(default, field) else "default"
