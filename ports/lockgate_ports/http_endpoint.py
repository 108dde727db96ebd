"""Endpoints out of the settings that providers reached by HTTP have in common."""

from typing import Protocol

from lockgate_ports.auth import Auth, HeaderAuth
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import Headers, Origin
from lockgate_ports.http_model import Endpoint
from lockgate_ports.http_settings import address

_BEARER = HeaderAuth()


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
