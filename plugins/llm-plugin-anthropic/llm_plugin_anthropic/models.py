"""Claude models: which of them take what, as Anthropic's documentation states it."""

import re
from functools import lru_cache

from msgspec import Struct

_K = 1000

_NAME = re.compile(r"claude-(?:([a-z]+)-)?(\d)(?:[-.](\d{1,2})(?!\d))?(?:-([a-z]+))?")
_UNKNOWN = (0, 0)


class Abilities(Struct, frozen=True):
    """What a model takes, told by its name. `claude-3-5-sonnet-20240620` is a sonnet of version (3, 5); a name that is
    no Claude's is of version (0, 0), and is trusted with what servers that imitate this API have."""

    line: str
    version: tuple[int, int]

    @property
    def thinks(self) -> bool:
        """It can think before it answers."""
        return self.version == _UNKNOWN or self.version >= (3, 7)

    @property
    def adaptive(self) -> bool:
        """It takes `thinking: {type: adaptive}` and an effort."""
        return self.version >= (4, 6)

    @property
    def budgets(self) -> bool:
        """It takes `thinking: {type: enabled, budget_tokens}`."""
        return self.thinks and self.version < (4, 7)

    @property
    def formats(self) -> bool:
        """It takes `output_config.format` and strict tools."""
        return self.version >= ((4, 1) if self.line == "opus" else (4, 5))

    @property
    def system_turns(self) -> bool:
        """It takes a `system` message in the middle, after a user's turn."""
        return self.version >= (4, 8)

    @property
    def output_tokens(self) -> int:
        """As many tokens as one answer of any model of this version may have."""
        if self.version >= (4, 5) or (self.version >= (3, 7) and self.line != "opus"):
            return 64 * _K
        if self.version >= (4, 0):
            return 32 * _K
        return 8192 if self.version >= (3, 5) else 4096


@lru_cache(maxsize=256)
def abilities(model: str) -> Abilities:
    """By the model's name, which may stand inside a longer one (`anthropic.claude-opus-4-5-20251101-v1:0`)."""
    found = _NAME.search(model)
    if found is None:
        return Abilities("", (4, 7) if "claude" in model else _UNKNOWN)
    before, major, minor, after = found.groups()
    return Abilities(before or after or "", (int(major), int(minor or 0)))
