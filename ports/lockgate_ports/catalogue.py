"""Catalogues: the model cards that a plugin carries as data, and what settings say beside them."""

from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import structs

from lockgate_ports.cards import ModelCard

_CARDS = msgspec.json.Decoder(tuple[ModelCard, ...])


class Catalogue(Protocol):
    """The models of a kind that are known without asking."""

    def __call__(self) -> tuple[ModelCard, ...]:
        """All of them; read from where they stand when somebody asks, once."""
        ...


def carried(module_file: str, kind: str) -> Catalogue:
    """The catalogue in `cards/KIND.json` beside a module of a plugin (its `__file__`): a JSON list of cards.

    Called, it raises msgspec.ValidationError for a file that is no such list.
    """
    return partial(_read, Path(module_file).with_name("cards") / f"{kind}.json")


def none_known() -> tuple[ModelCard, ...]:
    """The catalogue of a kind that has none: whoever runs the server chooses its models."""
    return ()


def overlaid(known: Iterable[ModelCard], models: Iterable[str | ModelCard]) -> tuple[ModelCard, ...]:
    """The settings' `models` and then the `known` ones. A card of a known id says anew what it says and leaves the
    rest as it is known; a name alone says nothing; further ones are added. Of two of one id the later counts."""
    cards = {card.id: card for card in known}
    named: dict[str, ModelCard] = {}
    for model in models:
        said = ModelCard(id=model) if isinstance(model, str) else model
        named[said.id] = _over(named.get(said.id) or cards.pop(said.id, None), said)
    return (*named.values(), *cards.values())


def _over(known: ModelCard | None, said: ModelCard) -> ModelCard:
    if known is None:
        return said
    default = ModelCard(id=said.id)
    fields = {name: getattr(said, name) for name in said.__struct_fields__}
    return structs.replace(known, **{name: value for name, value in fields.items() if value != getattr(default, name)})


@cache
def _read(path: Path) -> tuple[ModelCard, ...]:
    return _CARDS.decode(path.read_bytes())
