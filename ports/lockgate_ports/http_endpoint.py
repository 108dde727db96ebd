"""Where a provider stands, and that out of the settings which providers reached by HTTP have in common."""

from typing import Protocol

from msgspec import Struct

from lockgate_ports.auth import Auth, HeaderAuth
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import Headers, Origin
from lockgate_ports.http_settings import address

_BEARER = HeaderAuth()


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where a provider stands and how it wants to be asked. `response_limit` is in bytes, of one whole answer."""

    origin: Origin
    prefix: str
    auth: Auth
    headers: Headers = ()
    params: Params = "drop"
    response_limit: int = 20 * 1024 * 1024


class EndpointSettings(Protocol):
    """What an endpoint takes from settings. `response_limit` is in bytes, of one whole answer."""

    @property
    def params(self) -> Params:
        """What is done with parameters that the provider does not have."""
        ...

    @property
    def response_limit(self) -> int:
        """At least 1."""
        ...


class PlacedSettings(Protocol):
    """Settings that say where the provider stands."""

    @property
    def base_url(self) -> str:
        """With the path prefix, if there is one."""
        ...


def endpoint_of(settings: EndpointSettings, base_url: str, headers: Headers = (), auth: Auth = _BEARER) -> Endpoint:
    """The provider at `base_url`, sent `headers`. Raises SettingsError naming what cannot be."""
    if settings.response_limit < 1:
        raise SettingsError("response_limit must be at least 1 byte")
    origin, prefix = address(base_url)
    return Endpoint(
        origin=origin,
        prefix=prefix,
        auth=auth,
        headers=headers,
        params=settings.params,
        response_limit=settings.response_limit,
    )


def origin_of(settings: PlacedSettings) -> tuple[Origin, ...]:
    """The one place that is asked. Raises SettingsError naming `base_url`."""
    return (address(settings.base_url)[0],)
