"""What the author of a provider declares; everything else of the contract follows from it."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar

from lockgate_ports.testkit.samples import Samples


class Declared:
    """The attributes of a contract class, set by its author."""

    plugin: ModuleType
    """The module that the entry point names, with the hooks. (No ClassVar: mypy takes a module for none.)"""
    kind: ClassVar[str]
    """The kind to put under contract."""
    settings: ClassVar[Mapping[str, Any]]
    """Settings for it, as YAML would hold them."""
    model: ClassVar[str]
    """The provider's own name for the model that is asked."""
    samples: ClassVar[Samples]
    """Known answers in the provider's dialect; a plugin that owns a dialect exports them."""
    key_header: ClassVar[str | None] = "authorization"
    """The header that carries the key; None when the key signs and is never sent."""
    key_form: ClassVar[str] = "Bearer {key}"
    """The value of that header."""
    xfail: ClassVar[Mapping[str, str]] = {}
    """Contract tests that this provider cannot pass: name of the test, and the reason. Each must really fail."""


AUTHORS_OWN = frozenset(Declared.__annotations__)
REQUIRED = AUTHORS_OWN - frozenset(vars(Declared))
