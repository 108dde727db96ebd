"""Betas on their way to a place that serves the Messages API: which of them it takes, and where it reads them."""

import re
from collections.abc import Sequence

from llm_plugin_anthropic.quirks import Quirks
from lockgate_ports.carried import is_list
from lockgate_ports.dialect import Upstream
from lockgate_ports.draft import Draft
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import Headers

HEADER = "anthropic-beta"

_NAME = re.compile(r"[a-zA-Z0-9._-]+")


def beta_fields(betas: Sequence[str]) -> Headers:
    """The settings' `betas` as an upstream's header field. Raises SettingsError naming the one that cannot be."""
    for place, beta in enumerate(betas):
        if _NAME.fullmatch(beta) is None:
            raise SettingsError(f"betas[{place}]: {beta!r} is no name of a beta")
    return ((HEADER, ",".join(betas)),) if betas else ()


def betas_for(
    upstream: Upstream, quirks: Quirks, draft: Draft, travelled: Headers = (), said: object = None
) -> list[str]:
    """The settings' betas, those of the client's header and those `said` in its body, each once. One that the place
    does not know is left out and named, unless the settings name it themselves. Raises Unsupported where they are
    strict."""
    own = named_in(upstream.headers)
    inside = [each for each in said if isinstance(each, str)] if is_list(said) else []
    asked = dict.fromkeys((*own, *named_in(travelled), *inside))
    known = quirks.known_betas
    return [each for each in asked if known is None or each in known or each in own or draft.admits(f"{HEADER}.{each}")]


def named_in(headers: Headers) -> list[str]:
    """The betas that header fields name."""
    values = (value for name, value in headers if name == HEADER)
    return [word for value in values for each in value.split(",") if (word := each.strip())]


def header_of(betas: list[str], quirks: Quirks) -> Headers:
    """The header field for a place that wants one."""
    named = [each for each in betas if quirks.betas != "body" and each not in quirks.body_betas]
    return ((HEADER, ",".join(named)),) if named else ()
