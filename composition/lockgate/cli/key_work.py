"""What `lockgate keys` does to the file of keys, and how it shows them."""

import asyncio
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from msgspec import structs

from lockgate.adapters.key_file import KeyFile
from lockgate.cli.key_words import Moment, OwnLimits
from lockgate.cli.terminal import console, note, print_json, print_table
from lockgate.loading import load
from lockgate.opening import open_ledger
from lockgate.settings.limits import limits_of
from lockgate_core.client_keys import ClientKey, new_id, rotated, sealed
from lockgate_core.parents import Parent, Parents, revoked_above
from lockgate_ports.caller import Caller
from lockgate_ports.errors import SettingsError
from lockgate_ports.ledger import AuditEvent, AuditKind
from lockgate_ports.limits import Limit


class KeyWork:
    """The file of keys that settings name, open for one command. What is done is written into the ledger, where there
    is one. Raises SettingsError when the settings name no file."""

    def __init__(self, path: Path | None, environment: str | None) -> None:
        self._path, self._environment = path, environment
        self._settings, _ = load(path, environment=environment, env=os.environ)
        chosen = self._settings.auth.keys
        if chosen is None:
            raise SettingsError("the settings name no file of keys; write `auth: {keys: {path: keys.db}}`")
        self._file = KeyFile(Path(chosen.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def create(self, caller: Caller, limits: OwnLimits, expires: Moment | None) -> tuple[str, ClientKey]:
        """The key as it is shown this once, and what is kept of it."""
        now = time.time()
        until = None if expires is None else expires.at(now)
        if until is not None and until <= now:
            raise SettingsError("--expires lies in the past")
        self._check(caller)
        key_id = new_id(secrets.token_bytes)
        shown, seal = sealed(key_id, secrets.token_bytes)
        own = limits_of(f"key:{key_id}", **structs.asdict(limits))
        named = structs.replace(caller, key_id=key_id, limits=own)
        key = ClientKey(id=key_id, caller=named, seals=(seal,), created_at=now, expires_at=until)
        self._keep(key, "key_created", _words(key, {}))
        return shown, key

    def all(self) -> Sequence[ClientKey]:
        """Every key."""
        return self._file.since(0)[1]

    def one(self, key_id: str) -> ClientKey:
        """The key with this id. Raises SettingsError when there is none."""
        # Whoever pastes a whole key means the one with its id; nothing of the rest is repeated.
        key_id = key_id.removeprefix("lk_").partition("_")[0]
        found = self._file.get(key_id)
        if found is None:
            raise SettingsError(f"no key has the id {key_id[:12]!r}; `lockgate keys list` shows those there are")
        return found

    def revoke(self, key_id: str) -> None:
        """Lets nobody in with it any more."""
        key = self.one(key_id)
        if key.revoked_at is None:
            self._keep(structs.replace(key, revoked_at=time.time()), "key_revoked", {})

    def rotate(self, key_id: str, overlap: float) -> tuple[str, ClientKey]:
        """The new key as it is shown this once. Raises SettingsError when the key is revoked or has expired."""
        now = time.time()
        key = self.one(key_id)
        if (state := key.state(now)) != "active":
            raise SettingsError(f"{key.id} is {state}; make another with `lockgate keys create`")
        shown, key = rotated(key, secrets.token_bytes, now, overlap)
        self._keep(key, "key_changed", {"rotated": "yes", "overlap": f"{overlap:g} s"})
        return shown, key

    def parents(self) -> dict[str, Parent]:
        """All of them, by scope."""
        return self._file.parents()

    def keep_parent(self, parent: Parent, kind: AuditKind, details: dict[str, str]) -> None:
        """In place of the one with its scope, if there is one."""
        self._file.put_parent(parent)
        self._note(AuditEvent(kind=kind, actor="cli", subject=parent.scope, details=details))

    def _check(self, caller: Caller) -> None:
        """Raises SettingsError for a caller below what is revoked; says of what nothing is kept."""
        parents = self.parents()
        if (revoked := revoked_above(caller, parents)) is not None:
            raise SettingsError(f"{revoked} is revoked; `lockgate keys parent restore {revoked}` lets it in again")
        for scope in caller.parents:
            if scope not in parents:
                note(f"{scope} has limits only where settings say so; `lockgate keys parent set {scope}` gives it some")

    def _keep(self, key: ClientKey, kind: AuditKind, details: dict[str, str]) -> None:
        self._file.put(key)
        self._note(AuditEvent(kind=kind, actor="cli", subject=f"key:{key.id}", details=details))

    def _note(self, event: AuditEvent) -> None:
        if self._settings.ledger is not None:
            asyncio.run(self._note_down(event))

    async def _note_down(self, event: AuditEvent) -> None:
        async with open_ledger(self._path, environment=self._environment) as ledger:
            if (written := ledger.append(event)) is not None:
                await written


def show_new(shown: str, key: ClientKey, *, as_json: bool) -> None:
    """A key, this once: alone on stdout, so that it can be piped to where it shall be kept."""
    if as_json:
        print_json({"key": shown, **_data(key, {})})
        return
    note(f"{key.id} for {_whom(key.caller) or 'anybody'}; this is shown once, and only a hash of it is kept:")
    console().print(shown, soft_wrap=True)


def show_all(keys: Iterable[ClientKey], parents: Parents, *, as_json: bool) -> None:
    """A row each."""
    if as_json:
        print_json([_data(key, parents) for key in keys])
        return
    header = ("ID", "FOR", "STATE", "EXPIRES", "MAY ASK FOR")
    print_table(
        header, [(key.id, _whom(key.caller), _state(key, parents), _day(key.expires_at), _may(key)) for key in keys]
    )


def show_one(key: ClientKey, parents: Parents, *, as_json: bool) -> None:
    """All that is kept of it but the hash."""
    if as_json:
        print_json(_data(key, parents))
    else:
        print_table(("WHAT", "IS"), [(name.replace("_", " "), words) for name, words in _words(key, parents).items()])


def _data(key: ClientKey, parents: Parents) -> dict[str, Any]:
    caller = structs.asdict(key.caller)
    caller["labels"] = dict(key.caller.labels)
    del caller["key_id"]
    caller["limits"] = tuple(map(limit_words, key.caller.limits))
    times = {name: moment_words(getattr(key, name)) for name in ("created_at", "expires_at", "revoked_at")}
    return {"id": key.id, "state": _state(key, parents), **caller, **times}


def _words(key: ClientKey, parents: Parents) -> dict[str, str]:
    """What is said of it, in words."""
    said = {name: value for name, value in _data(key, parents).items() if value not in (None, (), {}, False)}
    return {name: _word(value) for name, value in said.items()}


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={said}" for name, said in value.items())  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, tuple):
        return ", ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return "yes" if value is True else str(value)


def _state(key: ClientKey, parents: Parents) -> str:
    state = key.state(time.time())
    revoked = revoked_above(key.caller, parents) if state == "active" else None
    return state if revoked is None else f"{revoked} is revoked"


def limit_words(limit: Limit) -> str:
    """As the commands take it."""
    match limit.unit:
        case "requests":
            return f"--rpm {limit.amount}"
        case "tokens":
            return f"--tpm {limit.amount}"
        case "in_flight":
            return f"--parallel {limit.amount}"
        case "micro_usd":
            return f"--budget {limit.amount / 1_000_000:g}/{limit.window}"


def _whom(caller: Caller) -> str:
    return " / ".join(name for name in (caller.tenant, caller.user) if name is not None)


def _may(key: ClientKey) -> str:
    models = ", ".join(key.caller.models) if key.caller.models is not None else "everything"
    return f"{models}; admin" if key.caller.admin else models


def moment_words(at: float | None) -> str | None:
    """In ISO form and UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _day(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).date().isoformat()
