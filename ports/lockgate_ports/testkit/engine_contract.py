"""The contract of an engine that answers in the gateway's own process: real calls of a real model, and no network."""

from collections.abc import AsyncGenerator, Callable, Mapping
from types import ModuleType
from typing import Any, ClassVar

import msgspec
import pytest
import pytest_asyncio

from lockgate_ports.testkit.engine import Engine
from lockgate_ports.testkit.engine_answers import EngineAnswers
from lockgate_ports.testkit.engine_hygiene import EngineHygiene
from lockgate_ports.testkit.guarding import check_subclass, check_test, names_of, run_with_asyncio
from lockgate_ports.testkit.manifest import check_import
from lockgate_ports.testkit.provider import factory_of

_REQUIRED = frozenset(("plugin", "kind", "settings", "model"))
_AUTHORS_OWN = _REQUIRED | {"patience", "xfail"}


class EngineContract(EngineAnswers, EngineHygiene):
    """What a provider without HTTP must hold. Inherit it in a class whose name begins with `Test`, and set the
    attributes; tests of the contract cannot be overridden, and are set aside by `xfail` alone, with a reason. The model
    is loaded once for most of the tests: take a small one."""

    plugin: ModuleType
    """The module that the entry point names, with the hooks."""
    kind: ClassVar[str]
    settings: ClassVar[Mapping[str, Any]]
    """Settings by which a small model opens without asking the network; with room for one call at a time, the tests see
    most."""
    model: ClassVar[str]
    patience: ClassVar[float] = 60.0
    """Seconds that no call of the contract takes on a busy machine; an answer of 4000 tokens takes longer."""
    xfail: ClassVar[Mapping[str, str]] = {}
    """Contract tests that this engine cannot pass: name of the test, and the reason. Each must really fail."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        check_subclass(cls, EngineContract, ENGINE_PROTECTED)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Nothing to multiply; sees that the class is whole."""
        check_test(self, metafunc, _REQUIRED, ENGINE_PROTECTED)

    @pytest_asyncio.fixture(scope="class", loop_scope="class")
    @classmethod
    async def engine(cls) -> AsyncGenerator[Engine]:
        """The engine under contract, loaded once for all tests that do not close it."""
        engine = engine_of(cls)
        await engine.open()
        yield engine
        await engine.aclose()

    @pytest.fixture
    def unopened(self) -> Callable[[], Engine]:
        """Another engine with the same settings, not yet open; the test closes it."""
        return lambda: engine_of(type(self))

    @pytest.fixture(autouse=True)
    def _expected_failure(self, request: pytest.FixtureRequest) -> None:
        name = request.function.__name__
        if name in self.xfail:
            request.applymarker(pytest.mark.xfail(reason=self.xfail[name], strict=True))

    def test_a_typo_in_the_settings_is_refused(self) -> None:
        """Look at the settings Struct: `forbid_unknown_fields=True`, or a typo is a setting that does nothing; and
        types that msgspec can describe, since editors and `lockgate check` read the schema."""
        settings = factory_of(self.plugin, self.kind).settings
        with pytest.raises(msgspec.ValidationError, match="no_such_setting"):
            msgspec.convert({**self.settings, "no_such_setting": 1}, settings)
        assert msgspec.json.schema(settings)

    def test_it_has_no_place_on_the_network(self) -> None:
        """Look at the factory's `origins`: an engine asks nobody, so its egress allowance is empty."""
        factory = factory_of(self.plugin, self.kind)
        assert factory.origins(msgspec.convert(self.settings, factory.settings)) == ()

    def test_importing_the_plugin_imports_ports_alone(self) -> None:
        """Look at the plugin's `__init__`: every gateway imports it, even one that never uses it. The engine's library
        waits for `build` or `open`."""
        check_import(self.plugin)


def engine_of(contract: type[EngineContract]) -> Engine:
    """The engine under contract, not yet open."""
    factory = factory_of(contract.plugin, contract.kind)
    return Engine(factory, contract.settings, contract.model, contract.patience)


ENGINE_PROTECTED = names_of(EngineContract, _AUTHORS_OWN)
"""What a contract class may not define: its tests, and what they stand on."""

run_with_asyncio(EngineContract, loop_scope="class")
