"""Pages for operators: `/admin/explain`, `/admin/rollouts`, `/admin/shadows`, `/admin/reload` and `/admin/doctor`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from lockgate.surfaces.head import Head, ReadBody, whole
from lockgate.surfaces.lines import id_line
from lockgate.surfaces.replies import Whole
from lockgate_core.explain import Explainer
from lockgate_core.priority import HEADER as PRIORITY
from lockgate_core.rollout import Move, Rollout, Rollouts
from lockgate_core.shadows import Shadows
from lockgate_ports.caller import Caller
from lockgate_ports.dialect import CatalogueDialect, SurfaceDialect
from lockgate_ports.errors import InvalidRequest, NotFound, SettingsError
from lockgate_ports.wire import Inbound, Request

DEFAULT_DIALECT = "openai-chat"

Reload = Callable[[None, str], Awaitable[Struct]]
"""Takes the settings anew, asked by whom. Raises SettingsError."""

Examine = Callable[[bool], Awaitable[Struct]]
"""Looks at everything; true: providers get a real call each."""


class AdminPlace:
    """Tells what would be done, and how far rollouts are, and moves them."""

    def __init__(
        self,
        explainer: Explainer,
        rollouts: Rollouts,
        dialects: Mapping[str, SurfaceDialect[Any, Any] | CatalogueDialect],
        examine: Examine,
        shadows: Shadows | None = None,
    ) -> None:
        self._examine = examine
        self._shadows = shadows
        self._explainer = explainer
        self._rollouts = rollouts
        self._dialects = dialects

    async def serve_explain(self, head: Head, _: Mapping[str, str], read_body: ReadBody, request_id: str) -> Whole:
        """The body is a request as a client would send it, with its `x-lockgate-priority`; `?dialect=` says in which
        language, `?tenant=` and `?user=` for whom. Raises CallerError as the surface of that dialect does."""
        request = read_as(head.query.get("dialect", DEFAULT_DIALECT), await whole(read_body), self._dialects)
        caller = Caller(tenant=head.query.get("tenant"), user=head.query.get("user"))
        told = self._explainer.explain(request, caller, priority=head.headers.get(PRIORITY))
        return Whole(200, msgspec.json.encode(told), headers=id_line(request_id))

    async def serve_rollouts(self, _: Head, __: Mapping[str, str], ___: ReadBody, request_id: str) -> Whole:
        """How far each rollout is."""
        return Whole(200, msgspec.json.encode(self._rollouts.status), headers=id_line(request_id))

    async def serve_shadows(self, _: Head, __: Mapping[str, str], ___: ReadBody, request_id: str) -> Whole:
        """How each target does that gets copies of calls."""
        reports = () if self._shadows is None else self._shadows.reports
        return Whole(200, msgspec.json.encode(reports), headers=id_line(request_id))

    async def serve_act(self, head: Head, values: Mapping[str, str], __: ReadBody, request_id: str) -> Whole:
        """`promote` or `rollback` one, and how far it is now. Raises NotFound."""
        rollout, move = asked_move(self._rollouts, values, head)
        rollout.take(move, asyncio.get_running_loop().time())
        return Whole(200, msgspec.json.encode(rollout.status), headers=id_line(request_id))

    async def serve_doctor(self, head: Head, _: Mapping[str, str], __: ReadBody, request_id: str) -> Whole:
        """What must work, looked at; `?call=true` makes one real, tiny call to each provider."""
        call = head.query.get("call", "").lower() in ("true", "1", "yes")
        told = await self._examine(call)
        return Whole(200, msgspec.json.encode(told), headers=id_line(request_id))


def _actor(head: Head) -> str:
    """Who does it, for the audit trail."""
    return head.caller.key_id or "admin"


def reload_page(reload: Reload) -> Callable[[Head, Mapping[str, str], ReadBody, str], Awaitable[Whole]]:
    """The settings are read again, and serve from now on. Faults are told with 422, and all stays as it was."""

    async def serve(head: Head, _: Mapping[str, str], __: ReadBody, request_id: str) -> Whole:
        lines = id_line(request_id)
        try:
            told = await reload(None, _actor(head))
        except SettingsError as error:
            refused = {"message": error.message, "type": "settings_error", "param": None, "code": error.code}
            faults = getattr(error, "faults", ())
            return Whole(422, msgspec.json.encode({"error": {**refused, "faults": faults}}), headers=lines)
        return Whole(200, msgspec.json.encode(told), headers=lines)

    return serve


def asked_move(rollouts: Rollouts, values: Mapping[str, str], head: Head) -> tuple[Rollout, Move]:
    """The rollout that the path names, and where it shall go. Raises NotFound."""
    rollout = rollouts.of(values["route"])
    if rollout is None:
        asked = values["route"][:100]
        raise NotFound(f"the route {asked!r} has no rollout; GET /admin/rollouts lists those there are")
    if values["act"] == "promote":
        return rollout, rollout.promotion(_actor(head))
    if values["act"] == "rollback":
        return rollout, rollout.retreat(_actor(head))
    raise NotFound(f"a rollout can be promoted or rolled back, not {values['act'][:100]!r}")


def read_as(
    name: str, body: bytes, dialects: Mapping[str, SurfaceDialect[Any, Any] | CatalogueDialect]
) -> Request[Any]:
    """A request as a client of the dialect would send it. Raises CallerError."""
    dialect = dialects.get(name)
    known = {key: each for key, each in dialects.items() if not isinstance(each, CatalogueDialect)}
    if dialect is None or isinstance(dialect, CatalogueDialect):
        raise InvalidRequest(f"no dialect is called {name[:100]!r}; there are: {', '.join(sorted(known))}")
    surface = next((each for each in dialect.surfaces if "{" not in each.path), None)
    if surface is None:
        raise InvalidRequest(f"{name} says the model in its path; ask in another dialect, {DEFAULT_DIALECT} say")
    return dialect.read_request(Inbound(surface.method, surface.path, {}, body))
