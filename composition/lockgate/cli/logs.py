"""Logging to stderr, in lines or JSON; what an exception says is left out, since it may quote a body or a key."""

import asyncio
import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from lockgate.redaction import redact

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Plain(logging.Formatter):
    """`2026-01-31T12:00:00Z WARNING lockgate.plugins: ...`, with `worker 1` before the name where there are several."""

    def __init__(self, worker: int | None = None) -> None:
        super().__init__()
        self.worker = worker

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the frames of an exception."""
        who = "" if self.worker is None else f"worker {self.worker} "
        line = f"{_time(record)} {record.levelname} {who}{record.name}: {record.getMessage()}"
        return redact(f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802  logging's own name
        """Where it happened and its type."""
        kind, _, trace = ei
        frames = "".join(traceback.format_tb(trace))
        return f"{frames}{kind.__qualname__ if kind else 'no exception'}"


class Json(Plain):
    """The same as one JSON object a line; what a line has as fields besides its message stands in it by name."""

    def format(self, record: logging.LogRecord) -> str:
        """`time`, `level`, `logger`, `message`, and `worker` and `exception` where there is one."""
        said: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if self.worker is not None:
            said["worker"] = self.worker
        fields: dict[str, Any] = getattr(record, "fields", {})
        said |= {name: redact(value) if isinstance(value, str) else value for name, value in fields.items()}
        if record.exc_info:
            said["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False)


def log_to_stderr(level: str, *, as_json: bool, worker: int | None = None) -> None:
    """From `level` on for lockgate itself; from WARNING on for the libraries below it. `worker`: which one logs."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json(worker) if as_json else Plain(worker))
    chosen = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(chosen, logging.WARNING), handlers=[handler], force=True)
    for name in ("lockgate", "lockgate_core", "lockgate_ports"):
        logging.getLogger(name).setLevel(chosen)
    # aiohttp logs what a client sent when it is no HTTP; whoever sends that is told so, and nobody else.
    logging.getLogger("aiohttp.server").disabled = True


def log_faults_of(loop: asyncio.AbstractEventLoop) -> None:
    """Errors that reach nobody are logged without what they say; asyncio's own handler prints their repr."""

    def log(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error: BaseException | None = context.get("exception")
        found = (type(error), error, error.__traceback__) if error is not None else None
        logging.getLogger("lockgate.server").error("%s", context["message"], exc_info=found)

    loop.set_exception_handler(log)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
