"""Checks a settings tree against what is offered: one pass, every fault, and the Settings when there is none."""

import ipaddress
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

from lockgate.settings.check_routes import RouteChecks
from lockgate.settings.check_workers import check_workers
from lockgate.settings.config_keys import check_uses
from lockgate.settings.credentials import LookUp, check_credentials, look_nowhere
from lockgate.settings.faults import Fault, Place
from lockgate.settings.kinds import did_you_mean, fields_of
from lockgate.settings.limits import Limits
from lockgate.settings.model import Chosen, ProviderRow, Settings
from lockgate.settings.offers import Offers
from lockgate.settings.routes import Route
from lockgate.settings.shape import FAULTY, Shape, Special, without_secrets
from lockgate.settings.tree import Entry, Items, Node, Path, Scalar, Table, quoted
from lockgate_ports.errors import LockgateError
from lockgate_ports.hooks import Factory, ModelFactory
from lockgate_ports.secrets import CREDENTIAL_REF

_PROVIDER_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_REF = re.compile(r"([a-z][a-z0-9+.-]*):\S(.*\S)?")
_WIDEST = {4: 8, 6: 7}
"""The shortest prefix that `private_addresses` takes, by IP version: wider ones name addresses that are not private."""


ENGINE_FIELDS = tuple(field for field in fields_of(ProviderRow) if field.name not in ("kind", "kind_settings"))
"""The fields of a provider row that are not its kind's own."""

_OF_LIMITS = ("rules", "answer_tokens", "unpriced")
"""What of `limits` is not the kind's own."""


def check(tree: Table, offers: Offers, look_up: LookUp = look_nowhere) -> tuple[Settings | None, list[Fault]]:
    """The Settings that `tree` (without its `environments`) means; None when there are faults."""
    checking = _Checking(offers, look_up)
    values = checking.read(tree)
    faults = checking.shape.faults
    return (None if faults else Settings(**values)), faults


class _Checking:
    """One check. Reads what stands otherwise in the file than in memory: rows of a kind, references, routes."""

    def __init__(self, offers: Offers, look_up: LookUp) -> None:
        self._offers = offers
        self._look_up = look_up
        self._schemes: set[str] = set()
        self._refs: list[tuple[str, Path, Place]] = []
        self._providers: Mapping[str, Entry] = {}
        special: dict[type, Special] = {
            Chosen: self._chosen,
            Limits: self._limits,
            ProviderRow: self._provider,
            Route: self._route_row,
        }
        self.shape = Shape(special, {CREDENTIAL_REF: self._credential_ref})
        self._routes = RouteChecks(self.shape)

    def read(self, tree: Table) -> dict[str, Any]:
        """Every field of Settings."""
        entries = dict(tree.entries)
        for field in fields_of(Settings):
            if isinstance(field.default, Chosen | Limits) and field.name not in entries:
                kind = Entry(tree.place, Scalar(field.default.kind, tree.place))
                entries[field.name] = Entry(tree.place, Table({"kind": kind}, tree.place))
        providers = entries.get("providers")
        if providers is not None and isinstance(providers.node, Table):
            self._providers = providers.node.entries
            self._routes.providers = tuple(self._providers)
        table = Table(entries, tree.place)
        fields = [field for field in fields_of(Settings) if field.name not in ("secrets", "environments")]
        values = self.shape.fields(table, fields, (), tree.place, ("secrets", "environments"))
        self._routes.finish(ledger=values.get("ledger") is not None)
        self._config_keys(values, tree)
        self._profiles(values, entries)
        check_workers(values, entries, self.shape)
        values["secrets"] = self._secrets(entries.get("secrets"), tree.place)
        check_credentials(self._refs, self._providers, self._look_up, self.shape)
        if not self.shape.faults:
            values["steps"] = tuple(values.get("steps", ()))
        return values

    def _profiles(self, values: Mapping[str, Any], entries: Mapping[str, Entry]) -> None:
        """A profile that a route hides, and one that leads to no provider."""
        profiles, routes = values.get("profiles", FAULTY), values.get("routes", ())
        for name, profile in () if profiles is FAULTY else profiles.items():
            table = entries["profiles"].node
            if profile is FAULTY or not isinstance(table, Table):
                continue
            entry, path = table.entries[name], ("profiles", name)
            if routes is not FAULTY and name in routes:
                message = "a route has the same name, and answers for it"
                self.shape.fault(entry.place, "unreachable", path, message, "give one of them another name")
            place = entry.node.entries["model"].node.place if isinstance(entry.node, Table) else entry.place
            self._routes.named(profile.model, (*path, "model"), place)

    def _config_keys(self, values: Mapping[str, Any], tree: Table) -> None:
        declared = values.get("config_keys")
        if declared is not None and declared is not FAULTY and FAULTY not in declared.values():
            check_uses(declared, self._refs, tree, self.shape)

    def _secrets(self, entry: Entry | None, top: Place) -> dict[str, Any]:
        offered = self._offers.secrets
        table = entry.node if entry is not None else Table({}, top)
        if not isinstance(table, Table):
            self.shape.wrong_type(table, "a mapping", ("secrets",))
            return {}
        settings: dict[str, Any] = {}
        for scheme in [*table.entries, *sorted(self._schemes - table.entries.keys())]:
            path: Path = ("secrets", scheme)
            written = table.entries.get(scheme)
            at = written.place if written is not None else table.place
            if scheme not in offered:
                self._unknown_kind(scheme, offered, path, at, "secret store")
                continue
            node = written.node if written is not None else Table({}, table.place)
            settings[scheme] = self.shape.read(node, inspect.type_info(offered[scheme].settings), path, at)
        return settings

    def _chosen(self, node: Node, path: Path, at: Place) -> Any:
        families: dict[str, tuple[str, Mapping[str, Factory[Any, Any]]]] = {
            "egress": ("egress policy", self._offers.egress),
            "metrics": ("metrics backend", self._offers.metrics),
            "traces": ("trace exporter", self._offers.traces),
            "ledger": ("ledger", self._offers.ledgers),
            "limits": ("store for limits", self._offers.limits),
            "steps": ("step", self._offers.steps),
        }
        what, offered = families[str(path[0])]
        if not isinstance(node, Table):
            return self.shape.wrong_type(node, "a mapping with a kind", path)
        factory = self._factory(node, offered, path, at, what)
        if factory is None:
            return FAULTY
        before = len(self.shape.faults)
        values = self.shape.fields(node, fields_of(factory.settings), path, at, ("kind",))
        if len(self.shape.faults) > before:
            return FAULTY
        return Chosen(kind=factory.kind, settings=self.shape.build(values, factory.settings, node, path, at))

    def _limits(self, node: Node, path: Path, at: Place) -> Any:
        if not isinstance(node, Table):
            return self.shape.wrong_type(node, "a mapping", path)
        ours = {name: entry for name, entry in node.entries.items() if name in _OF_LIMITS}
        rest = {name: entry for name, entry in node.entries.items() if name not in _OF_LIMITS}
        rest.setdefault("kind", Entry(node.place, Scalar(Limits().kind, node.place)))
        fields = [field for field in fields_of(Limits) if field.name in _OF_LIMITS]
        before = len(self.shape.faults)
        values = self.shape.fields(Table(ours, node.place), fields, path, at)
        chosen = self._chosen(Table(rest, node.place), path, at)
        if chosen is FAULTY or len(self.shape.faults) > before:
            return FAULTY
        said: dict[str, Any] = {**values, "rules": tuple(values.get("rules", ()))}
        return Limits(**said, kind=chosen.kind, settings=chosen.settings)

    def _provider(self, node: Node, path: Path, at: Place) -> Any:
        name = str(path[-1])
        if not _PROVIDER_ID.fullmatch(name):
            hint = "a provider_id is lower case letters and digits in words joined by single dashes: my-openai"
            self.shape.fault(at, "bad-name", path, f"{quoted(name)} is not a provider_id", hint)
        if not isinstance(node, Table):
            return self.shape.wrong_type(node, "a mapping with a kind", path)
        before = len(self.shape.faults)
        factory: ModelFactory[Any] | None = self._factory(node, self._offers.models, path, at, "provider")
        engine = {field.encode_name for field in ENGINE_FIELDS}
        if factory is None:
            # Which other keys are right depends on the kind, so that only these can be checked.
            rest = Table({key: entry for key, entry in node.entries.items() if key in engine}, node.place)
            self._engine_values(self.shape.fields(rest, ENGINE_FIELDS, path, at), rest, path)
            return FAULTY
        own = [field for field in fields_of(factory.settings) if field.encode_name not in engine]
        values = self.shape.fields(node, (*ENGINE_FIELDS, *own), path, at, ("kind",))
        self._engine_values(values, node, path)
        if factory.needs_credential and not {"credential_ref", "credential_refs"} & node.entries.keys():
            hint = "name where its key is kept: `credential_ref: env:NAME`"
            self.shape.fault(at, "missing-key", path, f"credential_ref is missing: {factory.kind} needs a key", hint)
        if len(self.shape.faults) > before:
            return FAULTY
        kept = {key: values.pop(key) for key in engine & values.keys()}
        settings = self.shape.build(values, factory.settings, node, path, at)
        if settings is FAULTY or not self._stands_somewhere(factory, settings, node, path, at):
            return FAULTY
        kept["private_addresses"] = tuple(kept.get("private_addresses", ()))
        refs = kept.get("credential_refs")
        kept["credential_refs"] = None if refs is None else tuple(refs)
        return ProviderRow(kind=factory.kind, kind_settings=settings, **kept)

    def _engine_values(self, values: dict[str, Any], node: Table, path: Path) -> None:
        """What the types of the engine's own fields cannot say."""
        self._keys(values, node, path)
        if values.get("max_queued", FAULTY) not in (FAULTY, 0) and values.get("max_parallel") is None:
            place = node.entries["max_queued"].place
            hint = "say max_parallel, or leave max_queued out"
            self.shape.fault(place, "bad-value", (*path, "max_queued"), "nothing waits without max_parallel", hint)
        entry = node.entries.get("private_addresses")
        if values.get("private_addresses", FAULTY) is FAULTY or entry is None or not isinstance(entry.node, Items):
            return
        for index, (item, text) in enumerate(zip(entry.node.items, values["private_addresses"], strict=True)):
            inner = (*path, "private_addresses", index)
            try:
                network = ipaddress.ip_network(text)
            except ValueError as error:
                hint = "write a network, 10.20.0.0/16 say, or one address"
                self.shape.fault(item.place, "bad-value", inner, without_secrets(str(error), item), hint)
                continue
            if network.prefixlen < _WIDEST[network.version]:
                message = f"{network} is wider than any private network"
                self.shape.fault(item.place, "out-of-range", inner, message, "name the networks one by one")

    def _keys(self, values: dict[str, Any], node: Table, path: Path) -> None:
        refs = values.get("credential_refs")
        entry = node.entries.get("credential_refs")
        if entry is None or refs is None or refs is FAULTY or not isinstance(entry.node, Items):
            return
        if values.get("credential_ref") is not None:
            hint = "put them all under credential_refs"
            message = "credential_ref stands there as well"
            self.shape.fault(entry.place, "bad-value", (*path, "credential_refs"), message, hint)
        for index, item in enumerate(entry.node.items):
            if refs[index] in refs[:index]:
                inner = (*path, "credential_refs", index)
                self.shape.fault(item.place, "bad-value", inner, f"{refs[index]} stands there twice")

    def _stands_somewhere(self, factory: ModelFactory[Any], settings: Any, node: Table, path: Path, at: Place) -> bool:
        """Asks the kind for its origins, since that is where a base URL is first taken apart."""
        url = node.entries.get("base_url")
        place, where = (url.node.place, (*path, "base_url")) if url is not None else (at, path)
        try:
            factory.origins(settings)
        except (LockgateError, ValueError) as error:
            self.shape.fault(place, "bad-value", where, without_secrets(str(error), node))
        except Exception as error:  # noqa: BLE001  a plugin may raise anything, and its words may tell a key
            message = f"the kind {factory.kind} stopped with {type(error).__name__} on these settings"
            self.shape.fault(at, "bad-value", path, message)
        else:
            return True
        return False

    def _factory(self, node: Table, offered: Mapping[str, Any], path: Path, at: Place, what: str) -> Any:
        entry = node.entries.get("kind")
        if entry is None:
            hint = f"kinds of {what}: {', '.join(sorted(offered)) or 'none is installed'}"
            for near in get_close_matches("kind", node.entries, 1):
                place = node.entries[near].place
                self.shape.fault(place, "unknown-key", (*path, near), "unknown key", "did you mean kind?")
            return self.shape.fault(at, "missing-key", path, "kind is missing", hint)
        kind = self.shape.read(entry.node, inspect.StrType(), (*path, "kind"), entry.place)
        if kind is FAULTY or kind in offered:
            return offered.get(kind)
        return self._unknown_kind(kind, offered, (*path, "kind"), entry.node.place, what)

    def _unknown_kind(self, kind: str, offered: Mapping[str, Any], path: Path, at: Place, what: str) -> None:
        hint = self._offers.reason_for(kind) or did_you_mean(kind, offered)
        if not hint:
            known = f"known kinds: {', '.join(sorted(offered)) or 'none'}"
            install = (
                f"install the plugin that brings it (llm-plugin-{kind}?); " if _PROVIDER_ID.fullmatch(kind) else ""
            )
            hint = install + known
        self.shape.fault(at, "unknown-kind", path, f"unknown kind of {what}: {quoted(kind)}", hint)

    def _credential_ref(self, node: Node, path: Path, at: Place) -> Any:
        ref = self.shape.read(node, inspect.StrType(), path, at)
        if ref is FAULTY:
            return FAULTY
        match = _REF.fullmatch(ref)
        known = ", ".join(sorted(self._offers.secrets)) or "none"
        if match is None or (match[1] not in self._offers.secrets and not self._near_scheme(match[1])):
            # It may well be a key that somebody pasted: nothing of it is repeated.
            message = (
                "is not `scheme:rest` with a known scheme" if match else "must say where the key is, not be the key"
            )
            hint = f"put the key into an environment variable and write `env:ITS_NAME` (known schemes: {known})"
            return self.shape.fault(node.place, "unknown-kind" if match else "literal-secret", path, message, hint)
        if match[1] not in self._offers.secrets:
            self._unknown_kind(match[1], self._offers.secrets, path, node.place, "secret store")
        self._schemes.add(match[1])
        self._refs.append((ref, path, node.place))
        return ref

    def _near_scheme(self, scheme: str) -> bool:
        return bool(self._offers.reason_for(scheme) or did_you_mean(scheme, self._offers.secrets))

    def _route_row(self, node: Node, path: Path, at: Place) -> Any:
        return self._routes.read(node, path, at)
