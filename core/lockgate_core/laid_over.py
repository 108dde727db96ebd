"""The one way in which what is said twice is composed: the more special part counts where it says something. Pure."""

from functools import lru_cache
from typing import Any, TypeVar

from msgspec import Struct, structs

T = TypeVar("T", bound=Struct)


def laid_over(whole: T, own: Struct | None) -> T:
    """`whole` with each field of `own` that says something (is not None) in place of its own."""
    if own is None:
        return whole
    laid: T = _laid(whole, own)
    return laid


@lru_cache(4096)
def _laid(whole: Any, own: Struct) -> Any:
    said = {name: value for name in own.__struct_fields__ if (value := getattr(own, name)) is not None}
    return structs.replace(whole, **said)
