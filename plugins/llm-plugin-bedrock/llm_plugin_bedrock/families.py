"""Who made a model, by its id, and what that maker's models are told beside the common fields of Converse.

Sources: Amazon Bedrock user guide, "Inference request parameters and response fields for foundation models", "Supported
models and model features" and "Structured outputs"; Amazon Nova 2 user guide, "Extended thinking".
"""

import re

from msgspec import Struct

_PROFILE = re.compile(r"^(?:[a-z]{2}|us-gov|apac|global)\.(?=[a-z0-9-]+\.)")
"""The region group that a cross-region inference profile puts before the model's id (`us.`, `global.`, `us-gov.`)."""
_CLAUDE = re.compile(r"claude-(?:opus|sonnet|haiku|[a-z]+)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_CLAUDE_OLD = re.compile(r"claude-(?:v|instant|(\d)(?:[-.](\d{1,2})(?!\d))?)")


class Family(Struct, frozen=True):
    """`maker` is the first word of the model's id (`anthropic`, `amazon`, `meta`, ...), empty for an ARN that tells
    none; `version` is known for Claude alone."""

    maker: str
    model: str
    version: tuple[int, int] = (0, 0)

    @property
    def claude(self) -> bool:
        """Anthropic's."""
        return self.maker == "anthropic"

    @property
    def nova(self) -> bool:
        """Amazon Nova."""
        return self.maker == "amazon" and "nova" in self.model

    @property
    def caches(self) -> bool:
        """Takes `cachePoint` in messages and system."""
        return self.claude or self.nova or not self.maker

    @property
    def caches_tools(self) -> bool:
        """Takes `cachePoint` among the tools."""
        return self.claude or not self.maker

    @property
    def by_tool(self) -> bool:
        """Gives structured answers by a tool it must call, having no `outputConfig.textFormat`."""
        return self.nova or (self.claude and self.version < (4, 5))

    @property
    def adaptive(self) -> bool:
        """A Claude that is told an effort and finds its own budget for thinking."""
        return self.claude and self.version >= (4, 6)


def family_of(model: str) -> Family:
    """From a model id, an inference profile's id or an ARN."""
    name = model.rpartition("/")[2] if model.startswith("arn:") else model
    name = _PROFILE.sub("", name)
    maker, dot, rest = name.partition(".")
    if not dot:
        return Family("", name)
    if maker != "anthropic":
        return Family(maker, rest)
    found = _CLAUDE.match(rest) or _CLAUDE_OLD.match(rest)
    if found is None:
        return Family(maker, rest, (99, 0))  # a name of a later fashion
    return Family(maker, rest, (int(found.group(1) or 2), int(found.group(2) or 0)))
