"""The canonical embedding request and answer."""

import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Literal

from msgspec import Raw, Struct

from lockgate_ports.parts import Image
from lockgate_ports.usage import Usage

InputType = Literal["query", "document", "classification", "clustering", "similarity"]
"""What the vectors are for; models that are trained for it give better ones."""

EmbedInput = str | tuple[int, ...] | Image
"""A text, a text as token ids, or a picture."""


class EmbedRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One vector for each of `inputs`. Every field but `model` and `inputs` may be left out."""

    model: str
    inputs: tuple[EmbedInput, ...]
    dimensions: int | None = None
    """The length of the vectors, where the model can shorten them."""
    encoding_format: Literal["float", "base64"] | None = None
    """How the client wants numbers; base64 is of little-endian 32-bit floats."""
    input_type: InputType | None = None
    truncate: bool | None = None
    """Whether an input that is too long is cut (True) or refused (False)."""
    user: str | None = None
    extra: Mapping[str, Raw] = {}
    """Fields that only the dialect `native` knows, by their name there."""
    native: str | None = None


class Embedding(Struct, frozen=True):
    """The vector of the input at `index`, as numbers or as base64 of little-endian 32-bit floats: as it came."""

    index: int
    vector: tuple[float, ...] | str

    @property
    def floats(self) -> tuple[float, ...]:
        """The vector as numbers. Raises ValueError for base64 that is none."""
        if not isinstance(self.vector, str):
            return self.vector
        numbers = array("f", b64decode(self.vector, validate=True))
        if sys.byteorder == "big":
            numbers.byteswap()
        return tuple(numbers)

    @property
    def base64(self) -> str:
        """The vector as base64 of little-endian 32-bit floats."""
        if isinstance(self.vector, str):
            return self.vector
        numbers = array("f", self.vector)
        if sys.byteorder == "big":
            numbers.byteswap()
        return b64encode(numbers.tobytes()).decode("ascii")


class EmbedResponse(Struct, frozen=True, kw_only=True):
    """All vectors, in the order of the inputs; `usage` is None when the provider did not report it."""

    embeddings: tuple[Embedding, ...]
    model: str | None = None
    usage: Usage | None = None
    extra: Mapping[str, Raw] = {}
    native: str | None = None
