"""The contracts of embeddings and of reranking, for providers reached by HTTP."""

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, ClassVar, Literal

import pytest

from lockgate_ports.testkit.guarding import check_subclass, check_test, names_of, run_with_asyncio
from lockgate_ports.testkit.operation_provider import OperationProvider
from lockgate_ports.testkit.operation_samples import OperationSamples
from lockgate_ports.testkit.operation_tests import OperationAnswers, OperationErrors, OperationKeys
from lockgate_ports.testkit.provider import factory_of

_REQUIRED = frozenset(("plugin", "kind", "settings", "model", "samples"))
_AUTHORS_OWN = _REQUIRED | {"key_header", "key_form", "xfail"}


class OperationContract(OperationAnswers, OperationErrors, OperationKeys):
    """What both contracts hold. Inherit one of the two below, in a class whose name begins with `Test`, and set the
    attributes; tests of the contract cannot be overridden, and are set aside by `xfail` alone, with a reason."""

    operation: ClassVar[Literal["embeddings", "rerank"]]
    plugin: ModuleType
    """The module that the entry point names, with the hooks."""
    kind: ClassVar[str]
    settings: ClassVar[Mapping[str, Any]]
    model: ClassVar[str]
    samples: ClassVar[OperationSamples]
    key_header: str | None = "authorization"
    key_form: str = "Bearer {key}"
    xfail: ClassVar[Mapping[str, str]] = {}
    """Contract tests that this provider cannot pass: name of the test, and the reason. Each must really fail."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__module__ != OperationContract.__module__:
            contract = next(each for each in cls.__mro__ if each in (EmbeddingsContract, RerankContract))
            check_subclass(cls, contract, names_of(contract, _AUTHORS_OWN))

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each sample."""
        check_test(self, metafunc, _REQUIRED, names_of(OperationContract, _AUTHORS_OWN))
        for argument, cases in (
            ("sample", self.samples.answers),
            ("refused", self.samples.refusals),
            ("no_answer", {str(place): body for place, body in enumerate(self.samples.no_answer)}),
        ):
            if argument in metafunc.fixturenames:
                metafunc.parametrize(argument, list(cases.values()), ids=list(cases))

    @pytest.fixture
    def provider(self) -> Iterator[OperationProvider]:
        """The provider under test; afterwards nothing is open and nothing was asked that no test expected."""
        factory = factory_of(self.plugin, self.kind)
        provider = OperationProvider(self.operation, factory, self.settings, self.model, self.samples)
        yield provider
        assert provider.http.unscripted == [], "the upstream was asked more often than the test expected"
        assert provider.http.leaks == [], "responses were neither read to their end nor aborted"

    @pytest.fixture(autouse=True)
    def _expected_failure(self, request: pytest.FixtureRequest) -> None:
        name = request.function.__name__
        if name in self.xfail:
            request.applymarker(pytest.mark.xfail(reason=self.xfail[name], strict=True))


class EmbeddingsContract(OperationContract):
    """What every provider of embeddings must hold, offline, on scripted bytes."""

    operation: ClassVar[Literal["embeddings", "rerank"]] = "embeddings"


class RerankContract(OperationContract):
    """What every provider of reranking must hold, offline, on scripted bytes."""

    operation: ClassVar[Literal["embeddings", "rerank"]] = "rerank"


run_with_asyncio(OperationContract)
