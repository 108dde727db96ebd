"""A plugin with one step: no answer may be longer than the settings say."""

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta, Struct, structs

from lockgate_ports.context import Context
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.hooks import BuildContext, Factory, hookimpl
from lockgate_ports.steps import Answer, AnswerStream, Handler
from lockgate_ports.wire import Request


class CapSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tokens of one answer."""

    default: Annotated[int, Meta(ge=1)] = 256
    """For a caller who names no limit."""
    most: Annotated[int, Meta(ge=1)] = 1024
    """What a caller may ask for."""


class Cap:
    """A Step."""

    def __init__(self, settings: CapSettings) -> None:
        self._settings = settings

    def wrap(self, inner: Handler) -> Handler:
        async def handle(request: Request[Any], context: Context) -> Answer | AnswerStream:
            asked = request.view.max_tokens
            if asked is None:
                request = request.edited(structs.replace(request.view, max_tokens=self._settings.default))
            elif asked > self._settings.most:
                raise InvalidRequest(f"max_tokens may be {self._settings.most} at most", param="max_tokens")
            return await inner(request, context)

        return handle


def build(settings: CapSettings, context: BuildContext) -> Cap:
    return Cap(settings)


@hookimpl
def register_steps() -> Iterable[Factory[CapSettings, Cap]]:
    return (Factory(kind="cap", settings=CapSettings, build=build, summary="limits the length of answers"),)
