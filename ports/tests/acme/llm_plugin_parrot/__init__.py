"""Parrot: an engine in process that exists for the tests of the contract kit alone, right and wrong in one way each."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from lockgate_ports.hooks import BuildContext, ModelFactory, hookimpl
from lockgate_ports.http import Origin
from lockgate_ports.model import ModelPort


class ParrotSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """None that matter."""

    words: int = 5000


class LaxSettings(Struct, frozen=True):
    """Takes a typo for a setting."""

    words: int = 5000


@hookimpl
def register_models() -> Iterable[ModelFactory[Any]]:
    """The kind `parrot`, which is right, and one for each way to be wrong."""
    return [
        _factory("parrot"),
        *(_factory(kind) for kind in WRONG if kind not in ("lax-settings", "has-origin")),
        _factory("lax-settings", settings=LaxSettings),
        _factory("has-origin", origins=lambda _: (Origin("https", "acme.test", 443),)),
    ]


def _factory(kind: str, **other: Any) -> ModelFactory[Any]:
    def build(settings: Any, context: BuildContext) -> ModelPort:
        from llm_plugin_parrot.wrong import WRONG_ENGINES

        return WRONG_ENGINES.get(kind, WRONG_ENGINES["parrot"])(context)

    known = {"kind": kind, "settings": ParrotSettings, "build": build, "origins": lambda _: ()}
    return ModelFactory(**{**known, **other})


WRONG = (
    "works-in-loop",
    "sleeps-in-loop",
    "keeps-on-when-given-up",
    "keeps-on-when-left",
    "swallows-cancelling",
    "one-at-a-time",
    "no-usage",
    "forgets-limit",
    "ignores-stop",
    "loses-words",
    "two-finishes",
    "reads-bytes",
    "answers-any-model",
    "cuts-prompt",
    "raw-error",
    "talks-json",
    "forgets-tools",
    "forgets-pictures",
    "offers-nothing",
    "lists-nothing",
    "asks-network",
    "asks-port",
    "answers-unopened",
    "hangs-when-closed",
    "ends-well-when-closed",
    "leaves-threads",
    "lax-settings",
    "has-origin",
)
"""Every wrong kind of this plugin."""
