"""llama.cpp itself, through xllamacpp: load, answer one call at a time per thread, let go."""

import importlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from llm_plugin_llamacpp.settings import LlamaCppSettings
from lockgate_ports.errors import SettingsError

_BLOCK = 4 << 20
_BATCH_TOKENS = 256
"""Prompt tokens read in one go. A stop is seen between batches, so this bounds how late it can come; larger ones read
a little faster."""
_SILENT = -1
_SOCKET_PATH_LIMIT = 100
"""Bytes; systems allow 104 or 108."""


class Server(Protocol):
    """What is used of `xllamacpp.Server`."""

    def handle_chat_completions(self, prompt: bytes, callback: Callable[[bytes], bool], /) -> None:
        """Answers an OpenAI chat request: JSON in, each answer or stream event as JSON to `callback`; True stops it.

        Blocks without the GIL. Raises ValueError or RuntimeError for a request it cannot read.
        """
        ...

    def handle_metrics(self) -> object:
        """Its counters, told by the thread that generates; where they are switched off, by whoever asks."""
        ...


class Engine:
    """A loaded model. `answer` may run in several threads at once; `close` only when none of them runs."""

    def __init__(self, server: Server) -> None:
        self._server: Server | None = server

    def answer(self, body: bytes, take: Callable[[bytes], bool]) -> None:
        """Gives `take` each event as it comes, until it returns True. Blocks; see `Server`."""
        if self._server is None:
            raise RuntimeError("the engine is closed")
        self._server.handle_chat_completions(body, take)

    def close(self) -> None:
        """Frees the model and ends its threads. Safe to call twice."""
        self._server = None


def load(path: Path, model: str, settings: LlamaCppSettings) -> Engine:
    """Loads the file, to be called `model` in answers; blocks. Raises SettingsError."""
    xllamacpp: Any = importlib.import_module("xllamacpp")
    _warm(path)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {model}
    params.n_parallel = settings.slots
    params.n_ctx = settings.context_tokens * settings.slots
    params.n_batch = params.n_ubatch = _BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads or _half_the_processors()
    if settings.gpu_layers is not None:
        params.n_gpu_layers = settings.gpu_layers
        params.fit_params = False
    # Prompts of past calls are not kept: by default the engine would, in up to 8 GB.
    params.cache_ram_mib = 0
    params.verbosity = _SILENT
    params.warmup = False
    params.offline = True
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_metrics = True
    params.n_threads_http = 1
    # The library opens an HTTP server of its own, whatever it is told. Nobody shall reach it: it asks for a key that
    # nobody knows, and listens on a socket file in a private folder that is removed as soon as it stands.
    params.api_keys = [secrets.token_urlsafe(32)]
    hidden = _private_folder()
    if hidden is not None:
        params.hostnames = [str(hidden / "s.sock")]
    try:
        server: Server = xllamacpp.Server(params)
        # It is told of as ready a moment before its thread begins to wait for work, and one that is closed in between
        # waits forever, with the GIL held: an answer of that thread's own shows that it has begun.
        server.handle_metrics()
    except (RuntimeError, ValueError) as error:
        raise SettingsError(
            f"llama.cpp could not load {path}: the file is damaged, of a kind that this version does not know, or "
            f"needs more memory than there is (context_tokens {settings.context_tokens} x slots {settings.slots}); "
            "fetch it again, or set these lower"
        ) from error
    finally:
        if hidden is not None:
            shutil.rmtree(hidden, ignore_errors=True)
    return Engine(server)


def _half_the_processors() -> int:
    """Its threads wait for each other by spinning: where others use the machine too, one for every processor is many
    times slower than half of them (seen on two: 2 tokens a second against 28)."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable // 2)


def _warm(path: Path) -> None:
    """Brings the file into memory. The library loads while holding the GIL; this way it does not wait for the disk."""
    buffer = bytearray(_BLOCK)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def _private_folder() -> Path | None:
    """For a socket file; None where there are none of these, or its path would be too long."""
    if os.name != "posix":
        return None
    folder = Path(tempfile.mkdtemp(prefix="lockgate-"))
    if len(os.fsencode(folder)) < _SOCKET_PATH_LIMIT - 10:
        return folder
    folder.rmdir()
    return None
