"""The front door of whichever deployment serves: a reload changes it between two requests."""

from collections.abc import Awaitable, Callable, Mapping

from lockgate.deployment import Deployment
from lockgate.doctor import examine
from lockgate.findings import Report
from lockgate.listing import listed_models
from lockgate.succession import Succession
from lockgate.surfaces.admin import AdminPlace
from lockgate.surfaces.front_door import FrontDoor, Serve
from lockgate.surfaces.head import Head, ReadBody
from lockgate.surfaces.labels import LabelHeader
from lockgate.surfaces.mounting import open_front_door, probes
from lockgate.surfaces.replies import Streamed, Whole
from lockgate.surfaces.slots_text import slots_text
from lockgate_ports.dialect import Surface


class Entrance:
    """A request is answered by the deployment that served when its head was there, to the end of its stream."""

    def __init__(self, succession: Succession, *, loopback: bool, instead: Mapping[Surface, Serve]) -> None:
        self._succession = succession
        self._instead = instead
        self._loopback = loopback
        self.handle: Callable[[Head, ReadBody], Awaitable[Whole | Streamed]] = self._built(succession.current).handle
        """The answer, whatever happens; every one carries `x-request-id`."""

    def prepare(self, following: Deployment) -> Callable[[], None]:
        """What lets the next requests in to that one. Raises ValueError when two surfaces of it stand at one place."""
        door = self._built(following)

        def change() -> None:
            self.handle = door.handle

        return change

    def _built(self, deployment: Deployment) -> FrontDoor:
        settings = deployment.settings

        async def examined(call: bool) -> Report:
            return await examine(deployment, call=call, tell=_quietly)

        admin = AdminPlace(
            deployment.explainer,
            deployment.rollouts,
            deployment.plugins.dialects,
            examined,
            deployment.shadows,
        )
        return open_front_door(
            deployment,
            admin,
            deployment.engine,
            deployment.plugins,
            listed_models(settings, deployment.providers),
            probes(settings, deployment.providers),
            deployment.metrics,
            deployment.ledger,
            deployment.callers,
            settings.server,
            LabelHeader(settings.labels.header),
            deployment.answers,
            lambda: self._succession.last,
            lambda: slots_text(deployment.providers),
            self._succession.reload,
            loopback=self._loopback,
            instead=self._instead,
        )


def _quietly(what: str) -> None:
    """Nobody watches."""
