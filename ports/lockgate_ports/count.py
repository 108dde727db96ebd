"""The canonical answer to how long a chat request is."""

from msgspec import Struct


class TokenCount(Struct, frozen=True):
    """Tokens of the whole request: messages, tools and all. `estimated`: nobody counted, it was guessed from length."""

    input_tokens: int
    estimated: bool = False
