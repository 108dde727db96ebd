"""The contract of a provider: one class to inherit, and no way to set a test aside but by a reason."""

from collections.abc import Iterator
from typing import Any

import pytest

from lockgate_ports.testkit.declared import AUTHORS_OWN, REQUIRED
from lockgate_ports.testkit.errors import Errors
from lockgate_ports.testkit.guarding import check_subclass, check_test, names_of, run_with_asyncio
from lockgate_ports.testkit.hygiene import Hygiene
from lockgate_ports.testkit.keys import Keys
from lockgate_ports.testkit.listing import ModelLists
from lockgate_ports.testkit.manifest import Manifest
from lockgate_ports.testkit.plain import PlainAnswers
from lockgate_ports.testkit.provider import Provider, factory_of
from lockgate_ports.testkit.relay import Relaying
from lockgate_ports.testkit.splitting import SPLITTINGS
from lockgate_ports.testkit.streams import StreamedAnswers


class ProviderContract(Manifest, PlainAnswers, StreamedAnswers, Relaying, Errors, Keys, Hygiene, ModelLists):
    """What every provider of an HTTP API must hold, offline, on scripted bytes.

    Inherit it in a test module, in a class whose name begins with `Test`, and set the attributes of `Declared`. Tests
    of the contract cannot be overridden; `xfail = {"test_name": "the reason"}` expects one to fail, and fails when it
    does not. Tests of your own may stand beside them.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        check_subclass(cls, ProviderContract, PROTECTED)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each sample and each way to split a stream."""
        check_test(self, metafunc, REQUIRED, PROTECTED)
        for argument, cases in (
            ("sample", self.samples.answers),
            ("refused", self.samples.refusals),
            ("no_answer", {str(place): body for place, body in enumerate(self.samples.no_answer)}),
            ("splitting", {splitting: splitting for splitting in SPLITTINGS}),
        ):
            if argument in metafunc.fixturenames:
                metafunc.parametrize(argument, list(cases.values()), ids=list(cases))

    @pytest.fixture
    def provider(self) -> Iterator[Provider]:
        """The provider under test; afterwards nothing is open and nothing was asked that no test expected."""
        provider = Provider(factory_of(self.plugin, self.kind), self.settings, self.model, self.samples)
        yield provider
        assert provider.http.unscripted == [], "the upstream was asked more often than the test expected"
        assert provider.http.leaks == [], "responses were neither read to their end nor aborted"

    @pytest.fixture(autouse=True)
    def _expected_failure(self, request: pytest.FixtureRequest) -> None:
        name = request.function.__name__
        if name in self.xfail:
            request.applymarker(pytest.mark.xfail(reason=self.xfail[name], strict=True))


PROTECTED = names_of(ProviderContract, AUTHORS_OWN)
"""What a contract class may not define: its tests, and what they stand on."""

run_with_asyncio(ProviderContract)
