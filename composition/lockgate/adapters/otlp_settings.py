"""Which collector of OpenTelemetry is told what."""

from typing import Annotated

from msgspec import Meta, Struct

from lockgate_ports.errors import SettingsError
from lockgate_ports.http import Headers, Origin, UrlError, split_url

Seconds = Annotated[float, Meta(gt=0)]


class OtlpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A collector, over HTTP (OTLP/HTTP, binary protobuf)."""

    endpoint: str = "http://127.0.0.1:4318"
    """Its base URL, without `/v1/metrics`."""
    headers: dict[str, str] = {}
    """Header fields sent with each export. Not for keys: those belong to a collector beside the gateway."""
    private_addresses: tuple[str, ...] = ()
    """Networks (`10.20.0.0/16`) that its host may resolve to although they are private; loopback is always allowed."""
    every: Seconds = 10.0
    """Seconds between two exports."""


class OtlpTracesSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A collector, over HTTP (OTLP/HTTP, binary protobuf)."""

    endpoint: str = "http://127.0.0.1:4318"
    """Its base URL, without `/v1/traces`."""
    headers: dict[str, str] = {}
    """Header fields sent with each export. Not for keys: those belong to a collector beside the gateway."""
    private_addresses: tuple[str, ...] = ()
    """Networks (`10.20.0.0/16`) that its host may resolve to although they are private; loopback is always allowed."""
    every: Seconds = 2.0
    """Seconds between two exports."""
    sample: Annotated[float, Meta(ge=0, le=1)] = 1.0
    """The share of the traces that begin here and are kept; others are kept where the caller keeps them."""
    queue: Annotated[int, Meta(ge=1)] = 4096
    """The most calls that wait to be exported; beyond it the oldest are dropped, and counted."""


def origins(settings: OtlpSettings | OtlpTracesSettings) -> tuple[Origin, ...]:
    """Where it is asked. Raises SettingsError."""
    try:
        return (split_url(settings.endpoint)[0],)
    except UrlError as error:
        raise SettingsError(f"endpoint: {error}") from error


def private_addresses(settings: OtlpSettings | OtlpTracesSettings) -> tuple[str, ...]:
    """What its host may resolve to although it is private."""
    return settings.private_addresses


def headers(settings: OtlpSettings | OtlpTracesSettings) -> Headers:
    """As they are sent."""
    return tuple((name.lower(), value) for name, value in settings.headers.items())
