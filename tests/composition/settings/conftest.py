"""What the settings are checked against in these tests."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import pytest
from msgspec import Meta, Struct

from lockgate.plugins import Plugins, Quarantined
from lockgate.settings import Fault, Settings, SettingsFaults, load_settings
from lockgate_ports.hooks import Factory, ModelFactory, NoSettings
from lockgate_ports.http import split_url


class ServerKind(Struct, frozen=True):
    """Forgets to forbid unknown fields, as a plugin may."""

    base_url: str
    params: Literal["strict", "drop", "pass"] = "drop"
    headers: dict[str, str] = {}
    slots: Annotated[int, Meta(ge=1, le=64)] = 4
    ratio: float = 0.5
    verbose: bool = False
    tags: tuple[str, ...] = ()
    seed: int | str | None = None

    def __post_init__(self) -> None:
        if self.slots == 13:
            raise ValueError(f"13 slots bring bad luck at {self.base_url}, says {self.headers}")


class AllowKind(Struct, frozen=True, forbid_unknown_fields=True):
    allow: tuple[str, ...] = ()


class VaultKind(Struct, frozen=True, forbid_unknown_fields=True):
    address: str


class TrimKind(Struct, frozen=True, forbid_unknown_fields=True):
    limit: int


def build(*_: object) -> NoReturn:
    raise AssertionError("checking settings builds nothing")


def factory(kind: str, settings: type) -> Factory[Any, Any]:
    return Factory(kind=kind, settings=settings, build=build)


@pytest.fixture
def offers() -> Plugins:
    return Plugins(
        quarantined=(
            Quarantined(name="acme", distribution="llm-plugin-acme", version="1.0", reason="calls sys.exit at import"),
        ),
        left_out=("llm-plugin-zeta",),
        models={
            "openai": ModelFactory(
                kind="openai", settings=NoSettings, build=build, origins=lambda _: (), needs_credential=True
            ),
            "openai-compatible": ModelFactory(
                kind="openai-compatible",
                settings=ServerKind,
                build=build,
                origins=lambda settings: (split_url(settings.base_url)[0],),
            ),
        },
        secrets={
            "env": factory("env", NoSettings),
            "file": factory("file", NoSettings),
            "vault": factory("vault", VaultKind),
        },
        egress={"allow-list": factory("allow-list", AllowKind)},
        metrics={"prometheus": factory("prometheus", NoSettings)},
        limits={"memory": factory("memory", NoSettings)},
        steps={"trim": factory("trim", TrimKind)},
    )


@pytest.fixture
def load(offers: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Writes the text to lockgate.yaml and loads it."""
    monkeypatch.chdir(tmp_path)

    def loaded(text: str, environment: str | None = None, env: Mapping[str, str] | None = None) -> Settings:
        (tmp_path / "lockgate.yaml").write_text(text, encoding="utf-8")
        return load_settings("lockgate.yaml", environment=environment, env=env or {}, offers=offers)

    return loaded


@pytest.fixture
def faults(load: Callable[..., Settings]) -> Callable[..., tuple[Fault, ...]]:
    """The faults of a text that must have some."""

    def found(text: str, environment: str | None = None, env: Mapping[str, str] | None = None) -> tuple[Fault, ...]:
        with pytest.raises(SettingsFaults) as caught:
            load(text, environment, env)
        assert str(caught.value).splitlines() == [str(fault) for fault in caught.value.faults]
        return caught.value.faults

    return found
