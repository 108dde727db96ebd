"""The local file of keys: read, and written anew as a whole, for its owner alone."""

import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any, cast

import yaml

from lockgate_ports.errors import SettingsError


def secrets_path() -> Path:
    """Where it stands unless somebody says otherwise: `lockgate/secrets.yaml` in `XDG_CONFIG_HOME` or `~/.config`."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".config") / "lockgate" / "secrets.yaml"


def names(path: Path) -> list[str]:
    """The names of all keys, a dotted path for those deeper down. Raises SettingsError, without a word of the file."""
    return sorted(_walk(_read(path), ""))


def put(path: Path, name: str, value: str) -> bool:
    """Keeps `value` as `name`, and tells whether another one stood there. Readers see the old file or the new one.

    Raises SettingsError for a file that cannot be written anew without losing something.
    """
    if not name or "#" in name or any(not mark.isprintable() for mark in name):
        raise SettingsError(f"{name!r} is no name for a key; write a word, openai say")
    document = _read(path) if path.exists() else {}
    replaced = name in document
    if replaced and not isinstance(document[name], str):
        raise SettingsError(f"{path}: {name} holds more than one value; name the one inside, {name}.key say")
    if not replaced and name in _walk(document, ""):
        *way, last = name.split(".")
        place: Any = document
        for step in way:
            place = place.get(step, {})
        if last not in place:
            raise SettingsError(f"{path}: {name} lies below a name with a dot; edit it by hand")
        place[last], replaced = value, True
    else:
        document[name] = value
    _write(path, document)
    return replaced


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file; `lockgate secrets set NAME` makes it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({type(error).__name__})") from None
    if any(line.lstrip().startswith("#") for line in text.splitlines()):
        raise SettingsError(f"{path}: holds comments, which would be lost; edit it by hand")
    try:
        # What the gateway reads it with: nothing is made into a number.
        document: Any = yaml.load(text, Loader=yaml.BaseLoader) or {}  # noqa: S506  strings, lists and dicts alone
    except (yaml.YAMLError, RecursionError):
        raise SettingsError(f"{path}: is neither YAML nor JSON") from None
    if not isinstance(document, dict):
        raise SettingsError(f"{path}: holds no names; it must be a mapping of names to keys")
    return cast(dict[str, Any], document)


def _walk(document: dict[str, Any], above: str) -> set[str]:
    found: set[str] = set()
    for name, value in document.items():
        if isinstance(value, dict):
            found |= _walk(cast(dict[str, Any], value), f"{above}{name}.")
        elif isinstance(value, str):
            found.add(f"{above}{name}")
    return found


def _write(path: Path, document: dict[str, Any]) -> None:
    if path.suffix == ".json":
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    else:
        text = yaml.safe_dump(document, default_style='"', allow_unicode=True, width=10_000)
    try:
        path.parent.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        target = path.resolve()
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".lockgate-")  # readable by its owner alone
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror or type(error).__name__}") from None
