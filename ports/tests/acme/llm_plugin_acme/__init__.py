"""Acme: a provider that exists for the tests of the contract kit alone."""

from collections.abc import Iterable

from msgspec import Struct

from lockgate_ports.auth import Auth, HeaderAuth
from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import overlaid
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import ProviderDialect
from lockgate_ports.hooks import BuildContext, ModelFactory, hookimpl
from lockgate_ports.http import Origin, split_url
from lockgate_ports.http_endpoint import Endpoint
from lockgate_ports.http_model import HttpModel, Languages
from lockgate_ports.model import ModelPort


class AcmeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where it stands."""

    base_url: str = "http://acme.test/v1"
    models: tuple[str | ModelCard, ...] = ()


def catalogue() -> tuple[ModelCard, ...]:
    """The one model."""
    return (ModelCard(id="acme-1", operations=("chat",), context_tokens=8192),)


@hookimpl
def register_models() -> Iterable[ModelFactory[AcmeSettings]]:
    """The kind `acme`."""
    return [ModelFactory(kind="acme", settings=AcmeSettings, build=_build, origins=origins, catalogue=catalogue)]


def origins(settings: AcmeSettings) -> tuple[Origin, ...]:
    """The one place it is asked at."""
    return (split_url(settings.base_url)[0],)


def model(
    context: BuildContext,
    settings: AcmeSettings,
    dialect: ProviderDialect[ChatRequest, ChatResponse],
    auth: Auth | None = None,
) -> HttpModel:
    """Acme with parts to choose."""
    origin, prefix = split_url(settings.base_url)
    endpoint = Endpoint(origin=origin, prefix=prefix, auth=auth or HeaderAuth())
    return HttpModel(
        context.name, Languages(chat=dialect), endpoint, context.http, overlaid(catalogue(), settings.models)
    )


def _build(settings: AcmeSettings, context: BuildContext) -> ModelPort:
    from llm_plugin_acme.dialect import AcmeChat

    return model(context, settings, AcmeChat())
