"""Where rollouts are, in a folder with a file each, which the processes and restarts of a machine share."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import msgspec

from lockgate_core.rollout import Phase, Standing, Tally
from lockgate_ports.errors import SettingsError

_log = logging.getLogger("lockgate.rollouts")
_DECODE = msgspec.json.Decoder(Standing).decode


class RolloutPlaces:
    """`folder` is made when the first rollout moves. `wall` tells seconds since 1970."""

    def __init__(self, folder: Path, wall: Callable[[], float]) -> None:
        self._folder = folder
        self._wall = wall

    def of(self, name: str) -> "FilePlace":
        """That of the rollout of this name: letters and digits. Raises SettingsError for a file that holds none."""
        return FilePlace(self._folder / f"{name}.json", self._wall)


class FilePlace:
    """One file. It is replaced as a whole, so that nobody reads half of it."""

    def __init__(self, path: Path, wall: Callable[[], float]) -> None:
        self._path = path
        self._wall = wall
        self.kept = self._read()

    def keep(self, step: int, phase: Phase, known: Tally, reason: str | None) -> None:
        """Logs it when that fails: calls go on, and the rollout with them."""
        standing = Standing(step=step, phase=phase, at=self._wall(), known=known, reason=reason)
        new = self._path.with_name(f".{self._path.name}.{uuid4().hex}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(standing), indent=2))
            new.replace(self._path)
        except OSError as error:
            with suppress(OSError):
                new.unlink()
            _log.error(
                "%s: how far the rollout is cannot be kept (%s), and a restart begins it anew; "
                "name a folder for it in `state`",
                self._path,
                error.strerror,
            )

    def _read(self) -> tuple[Standing, float] | None:
        try:
            standing = _DECODE(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            message = f"{self._path} should say how far a rollout is ({why}); mend it, or remove it to begin anew"
            raise SettingsError(message) from None
        return standing, max(0.0, self._wall() - standing.at)
