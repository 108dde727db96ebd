"""From a file, a mapping or a value to checked settings.

    draft = read_settings("lockgate.yaml", environment="prod", env=os.environ)
    plugins = discover(allow=draft.plugins.allow, builtins=[...])
    settings = settle(draft, plugins)

`load_settings` is the first and the last line in one, for whoever knows the offers beforehand.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, inspect, structs

from lockgate.settings.check import check
from lockgate.settings.config_keys import unused
from lockgate.settings.credentials import LookUp, look_nowhere
from lockgate.settings.faults import Fault, Place, SettingsFaults
from lockgate.settings.model import Chosen, PluginSettings, ServerSettings, Settings
from lockgate.settings.offers import Offers
from lockgate.settings.overlay import choose, join, merge, split
from lockgate.settings.shape import FAULTY, Shape
from lockgate.settings.source import Reading, read_plain, read_yaml
from lockgate.settings.tree import Entry, Scalar, Table, fault_at


class Texts(Struct, frozen=True):
    """A file of settings, or a folder of them, as it stood at one time: its texts by the names of the files."""

    path: str
    files: Mapping[str, str]


Source = Path | str | Texts | Mapping[str, Any] | Settings
"""A file by its path, the same as texts or as plain values, or Settings that were made in Python."""

Part = TypeVar("Part")

_OF_THIS_MACHINE = frozenset({"unknown-kind", "unset-variable"})
"""Not reported of an overlay that was not chosen: it may need plugins and variables that are not here."""


class Draft(Struct, frozen=True, kw_only=True):
    """A source that was read, with the chosen overlay merged in, and not yet checked against what is offered.

    `plugins` is what says which plugins to load; none at all when that part is faulty.
    """

    tree: Table
    plugins: PluginSettings
    others: tuple[tuple[str, Table], ...] = ()
    """The overlays that were not chosen, each merged in, by name."""
    faults: tuple[Fault, ...] = ()


def read_settings(source: Source, *, environment: str | None, env: Mapping[str, str]) -> Draft:
    """Reads `source`; `env` fills what it tags `!env`.

    Raises SettingsFaults for a file that cannot be read or is not YAML, and for an environment that does not exist.
    """
    reading = _read(source, env)
    base, overlays, faults = split(reading.tree)
    faults = [*reading.faults, *faults]
    tree = base
    if environment is not None:
        overlay = choose(overlays, environment, reading.tree)
        if isinstance(overlay, Fault):
            raise SettingsFaults([*faults, overlay])
        tree = _table(merge(base, overlay))
    others = tuple((name, _table(merge(base, over))) for name, over in overlays.items() if name != environment)
    return Draft(tree=tree, plugins=_plugins(tree), others=others, faults=tuple(faults))


def with_workers(draft: Draft, workers: int) -> Draft:
    """The same, but so many workers serve, whatever it says."""
    at = Place("--workers")
    server = Table({"workers": Entry(at, Scalar(workers, at))}, at)
    said = draft.tree.entries.get("server")
    if said is not None and not isinstance(said.node, Table):
        return draft
    return structs.replace(draft, tree=_table(merge(draft.tree, Table({"server": Entry(at, server)}, at))))


def server_of(draft: Draft) -> ServerSettings:
    """Its part `server`; the defaults where that is faulty, which whoever opens it will say."""
    entry = draft.tree.entries.get("server")
    return (None if entry is None else _read_part(entry, ServerSettings, "server")) or ServerSettings()


def settle(draft: Draft, offers: Offers, look_up: LookUp = look_nowhere) -> Settings:
    """The checked Settings. Raises SettingsFaults with all that is wrong, and with keys that are not there where
    `look_up` tells of them."""
    settings, faults = check(draft.tree, offers, look_up)
    if any(fault.path.startswith("plugins") for fault in faults):
        # No plugin was loaded, so that every kind is unknown: that says nothing.
        faults = [fault for fault in faults if fault.code != "unknown-kind"]
    faults = [*draft.faults, *faults]
    for name, tree in draft.others:
        prefix = f"environments.{name}"
        _, found = check(tree, offers)
        faults += [fault for fault in found if fault.code not in _OF_THIS_MACHINE and fault.path.startswith(prefix)]
    if faults or settings is None:
        raise SettingsFaults(_sorted(faults))
    return settings


def unused_config_keys(settings: Settings, draft: Draft) -> list[str]:
    """What `config_keys` declares and neither the settings nor any of their environments use."""
    return unused(settings.config_keys or (), [draft.tree, *(tree for _, tree in draft.others)])


def load_settings(source: Source, *, environment: str | None, env: Mapping[str, str], offers: Offers) -> Settings:
    """`read_settings` and `settle` in one. Raises SettingsFaults with all that is wrong."""
    return settle(read_settings(source, environment=environment, env=env), offers)


def _read(source: Source, env: Mapping[str, str]) -> Reading:
    if isinstance(source, Settings):
        return read_plain(_as_written(source))
    if isinstance(source, Mapping):
        return read_plain(source)
    if isinstance(source, Texts):
        path = Path(source.path)
        whole = [(source.path if name == path.name else str(path / name), text) for name, text in source.files.items()]
        return _joined(source.path, [partial(read_yaml, text, name, env) for name, text in whole])
    path = Path(source)
    if path.is_dir():
        return read_folder(path, env)
    return _read_file(path, str(source), env)


def _read_file(path: Path, name: str, env: Mapping[str, str]) -> Reading:
    top = Place(name)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        hint = "name the settings file, or make one"
        raise SettingsFaults([fault_at(top, "unreadable", (), "there is no such file", hint)]) from None
    except OSError as error:
        raise SettingsFaults([fault_at(top, "unreadable", (), f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise SettingsFaults([fault_at(top, "unreadable", (), f"is not UTF-8 (byte {error.start})")]) from None
    return read_yaml(text, name, env)


def read_folder(folder: Path, env: Mapping[str, str]) -> Reading:
    """All its files `*.yaml`, by name, as if they were one: mappings are laid together, anything else stands in one of
    them alone. Raises SettingsFaults when there is none."""
    paths = sorted(path for path in folder.glob("*.yaml") if path.is_file())
    return _joined(str(folder), [partial(_read_file, path, str(path), env) for path in paths])


def _joined(folder: str, readings: Sequence[Callable[[], Reading]]) -> Reading:
    if not readings:
        fault = fault_at(Place(folder), "unreadable", (), "the folder holds no file *.yaml")
        raise SettingsFaults([fault])
    faults: list[Fault] = []
    unreadable: list[Fault] = []
    tree: Table | None = None
    for read in readings:
        try:
            reading = read()
        except SettingsFaults as found:
            unreadable += found.faults
            continue
        faults += reading.faults
        tree = reading.tree if tree is None else join(tree, reading.tree, (), faults)
    if unreadable or tree is None:
        raise SettingsFaults([*faults, *unreadable])
    return Reading(tree, tuple(faults))


def _as_written(settings: Settings) -> dict[str, Any]:
    """Settings made in Python as they would stand in a file, so that the same checks read them."""
    written: dict[str, Any] = msgspec.to_builtins(settings)
    for row in written["providers"].values():
        row.update(row.pop("kind_settings") or {})
    for row in written["routes"].values():
        if not row["targets"]:
            del row["targets"]
    for name in ("egress", "metrics"):
        written[name] = _flat(getattr(settings, name))
    if settings.ledger is not None:
        written["ledger"] = _flat(settings.ledger)
    written["limits"].update(written["limits"].pop("settings") or {})
    written["steps"] = [_flat(step) for step in settings.steps]
    return written


def _flat(chosen: Chosen) -> dict[str, Any]:
    return {"kind": chosen.kind, **(msgspec.to_builtins(chosen.settings) or {})}


def _plugins(tree: Table) -> PluginSettings:
    entry = tree.entries.get("plugins")
    if entry is None:
        return PluginSettings()
    return _read_part(entry, PluginSettings, "plugins") or PluginSettings(allow=())


def _read_part(entry: Entry, kind: type[Part], name: str) -> Part | None:
    """A part that needs no plugin; None when it is faulty."""
    part: Part | None = Shape({}, {}).read(entry.node, inspect.type_info(kind), (name,), entry.place)
    return None if part is FAULTY else part


def _table(node: object) -> Table:
    assert isinstance(node, Table)  # noqa: S101  two tables merge into a table
    return node


def _sorted(faults: list[Fault]) -> list[Fault]:
    """By place; what an anchor repeats at one place is said once."""
    once = {(f.code, f.file, f.line, f.column, f.message, f.path if not f.line else ""): f for f in reversed(faults)}
    return sorted(once.values(), key=lambda fault: (fault.file, fault.line, fault.column))
