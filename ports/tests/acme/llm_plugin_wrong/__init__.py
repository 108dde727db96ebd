"""Acme plugins that are wrong in one way each; the kind says which."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from llm_plugin_acme import AcmeSettings, model, origins
from llm_plugin_acme.dialect import AcmeChat
from msgspec import Struct

from llm_plugin_wrong.auths import InQuery, Resolver, Sleepy
from llm_plugin_wrong.dialects import (
    Busy,
    ChunkIsEvent,
    Credulous,
    Free,
    Hoarder,
    InventedFinish,
    Picky,
    ReaderOf,
    Stopper,
    Tampered,
    Tidy,
    Unbounded,
    Unguarded,
    ZeroStream,
    no_failures,
    one_slot,
    two_starts,
)
from llm_plugin_wrong.ports import Abandons, Curious, Hides, KeepsOpen, Leaks, Retries, Swallows, Tells, Uncancellable
from lockgate_ports.auth import HeaderAuth
from lockgate_ports.cards import ModelCard, Price, Rates
from lockgate_ports.hooks import BuildContext, ModelFactory, hookimpl
from lockgate_ports.http import Origin
from lockgate_ports.model import ModelPort


class LaxSettings(Struct, frozen=True):
    """Takes a typo for a setting."""

    base_url: str = "http://acme.test/v1"
    models: tuple[str | ModelCard, ...] = ()


Build = Callable[[Any, BuildContext], ModelPort]
BUILDS: dict[str, Build] = {
    "lost-tool-index": lambda s, c: model(c, s, Tampered(lambda: ReaderOf(one_slot))),
    "passed-over-error": lambda s, c: model(c, s, Tampered(lambda: ReaderOf(no_failures))),
    "two-starts": lambda s, c: model(c, s, Tampered(lambda: ReaderOf(two_starts))),
    "invented-finish": lambda s, c: model(c, s, Tampered(InventedFinish)),
    "chunk-is-event": lambda s, c: model(c, s, Tampered(ChunkIsEvent)),
    "hoards-words": lambda s, c: model(c, s, Tampered(Hoarder)),
    "zero-usage": lambda s, c: model(c, s, Free()),
    "zero-usage-streamed": lambda s, c: model(c, s, Tampered(ZeroStream)),
    "drops-odd-events": lambda s, c: model(c, s, Picky()),
    "lets-decode-errors-out": lambda s, c: model(c, s, Unguarded()),
    "empty-is-an-answer": lambda s, c: model(c, s, Credulous()),
    "leaks-refusal": lambda s, c: Abandons(model(c, s, AcmeChat()), c),
    "forgets-limit": lambda s, c: model(c, s, Unbounded()),
    "rewrites-relayed": lambda s, c: model(c, s, Tidy()),
    "wrong-finish-reason": lambda s, c: model(c, s, Stopper()),
    "sleeps": lambda s, c: model(c, s, AcmeChat(), Sleepy()),
    "works-in-loop": lambda s, c: model(c, s, Busy()),
    "key-in-url": lambda s, c: model(c, s, AcmeChat(), InQuery()),
    "wrong-auth-style": lambda s, c: model(c, s, AcmeChat(), HeaderAuth("x-api-key", "")),
    "own-way-out": lambda s, c: model(c, s, AcmeChat(), Resolver()),
    "swallows-rate-limit": lambda s, c: Swallows(model(c, s, AcmeChat()), c),
    "decodes-needlessly": lambda s, c: Curious(model(c, s, AcmeChat()), c),
    "retries": lambda s, c: Retries(model(c, s, AcmeChat()), c),
    "key-in-error": lambda s, c: Tells(model(c, s, AcmeChat()), c),
    "leaks-response": lambda s, c: Leaks(model(c, s, AcmeChat()), c),
    "leaks-client": lambda s, c: KeepsOpen(model(c, s, AcmeChat()), c),
    "hides-cards": lambda s, c: Hides(model(c, s, AcmeChat()), c),
    "empty-list": lambda s, c: Hides(model(c, s, AcmeChat()), c),
    "uncancellable": lambda s, c: Uncancellable(model(c, s, AcmeChat()), c),
}

FREE = ModelCard(
    id="acme-1", price=Price(rates=Rates(input=Decimal(0)), source="https://acme.test/prices", as_of="2026-11-20")
)

WRONG = (*BUILDS, "lax-settings", "doubled-card", "free-model", "hidden-origin")
"""Every kind of this plugin."""


@hookimpl
def register_models() -> Iterable[ModelFactory[Any]]:
    """One kind for each way to be wrong."""
    cards = (ModelCard(id="acme-1"), ModelCard(id="acme-1"))
    right: Build = lambda s, c: model(c, s, AcmeChat())  # noqa: E731
    return [
        *(
            ModelFactory(kind=kind, settings=AcmeSettings, build=build, origins=origins)
            for kind, build in BUILDS.items()
        ),
        ModelFactory(kind="lax-settings", settings=LaxSettings, build=right, origins=origins),
        ModelFactory(kind="doubled-card", settings=AcmeSettings, build=right, origins=origins, catalogue=lambda: cards),
        ModelFactory(kind="free-model", settings=AcmeSettings, build=right, origins=origins, catalogue=lambda: (FREE,)),
        ModelFactory(kind="hidden-origin", settings=AcmeSettings, build=right, origins=_elsewhere),
    ]


def _elsewhere(settings: AcmeSettings) -> tuple[Origin, ...]:
    return (Origin("https", "elsewhere.test", 443),)
