"""Profiles: named ways to call. What a profile says, the request says where it was silent."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import Struct, structs

from lockgate_ports.caller import Priority
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import ModelNotFound
from lockgate_ports.wire import Request

PREFIX = "profile:"


class Profile(Struct, frozen=True):
    """`model` is a name that routing knows; `parameters` are fields of a ChatRequest. `timeout` is in seconds."""

    profile_id: str
    model: str
    parameters: Mapping[str, Any] = {}
    timeout: float | None = None
    priority: Priority | None = None
    prompt_template_id: str | None = None
    prompt_version: str | None = None


class Profiles(Struct, frozen=True):
    """Those there are, by every name that they are asked for."""

    by_name: Mapping[str, Profile] = {}

    def of(self, name: str) -> Profile | None:
        """The one that is meant; None when it is none. Raises ModelNotFound for `profile:` and then no profile."""
        found = self.by_name.get(name)
        if found is None and name.startswith(PREFIX):
            asked = name.removeprefix(PREFIX)[:100]
            near = get_close_matches(asked, [known for known in self.by_name if not known.startswith(PREFIX)], 1)
            hint = f"did you mean {near[0]!r}?" if near else "GET /v1/models lists those there are"
            raise ModelNotFound(f"no profile is named {asked!r}; {hint}", param="model")
        return found

    @classmethod
    def named(cls, profiles: Mapping[str, Profile]) -> "Profiles":
        """By their own names, and behind `profile:`."""
        return cls({**profiles, **{PREFIX + name: profile for name, profile in profiles.items()}})


NO_PROFILES = Profiles()


def under(request: Request[Any], profile: Profile) -> Request[Any]:
    """The request with the profile's model, and its parameters where it was silent. Its bytes go on as they came where
    it left nothing to fill in."""
    asked = request.asking(profile.model)
    if not profile.parameters or request.operation != "chat":
        return asked
    view = request.view
    if not isinstance(view, ChatRequest):
        return asked
    silent = {name: value for name, value in profile.parameters.items() if getattr(view, name) in (None, ())}
    return asked.edited(structs.replace(view, **silent)) if silent else asked
