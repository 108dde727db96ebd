"""The contracts of embeddings and reranking find what is wrong, and cannot be quietly overridden."""

from typing import Any, ClassVar

import msgspec
import pytest
from llm_plugin_vec import SAMPLES, Vec, Wire, plugin_of

from lockgate_ports.errors import UpstreamError
from lockgate_ports.testkit import EmbeddingsContract
from lockgate_ports.testkit.operation_provider import OperationProvider
from lockgate_ports.usage import Usage


class Unordered(Vec):
    def ordered(self, vectors: list[tuple[int, list[float]]]) -> list[tuple[int, list[float]]]:
        return list(enumerate(vector for _, vector in vectors))


class Free(Vec):
    def usage(self, wire: Wire) -> Usage | None:
        return Usage(input_tokens=wire.n or 0, output_tokens=0)


class Swallowing(Vec):
    def read_error(self, status: int, headers: Any, body: bytes) -> UpstreamError:
        return UpstreamError("failed", kind="transient", upstream_status=status)


class LettingOut(Vec):
    def wire(self, body: bytes) -> Wire:
        return msgspec.json.decode(body, type=Wire)


class TestVec(EmbeddingsContract):
    plugin = plugin_of(Vec())
    kind = "vec"
    settings: ClassVar = {}
    model = "vec-1"
    samples = SAMPLES


@pytest.mark.parametrize(
    ("wrong", "test", "arguments"),
    [
        (Unordered(), "test_an_answer_says_what_the_provider_said", {"sample": SAMPLES.answer}),
        (Free(), "test_usage_is_what_was_reported", {"sample": SAMPLES.no_usage}),
        (Swallowing(), "test_the_three_errors_that_an_engine_acts_on_are_told_apart", {}),
        (LettingOut(), "test_a_body_that_makes_no_sense_is_an_error", {"body": b"{"}),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Vec) else "",
)
async def test_a_wrong_provider_fails_by_the_right_test(wrong: Vec, test: str, arguments: dict[str, Any]) -> None:
    (factory,) = plugin_of(wrong).register_models()
    provider = OperationProvider("embeddings", factory, {}, "vec-1", SAMPLES)
    with pytest.raises((AssertionError, msgspec.DecodeError)):
        await getattr(TestVec(), test)(provider, **arguments)


def test_a_test_of_the_contract_cannot_be_overridden() -> None:
    with pytest.raises(TypeError, match="overrides test_usage_is_what_was_reported"):
        type("TestQuiet", (EmbeddingsContract,), {"test_usage_is_what_was_reported": lambda self: None})


def test_a_test_is_set_aside_only_with_a_reason() -> None:
    with pytest.raises(TypeError, match="gives no reason"):
        type("TestQuiet", (EmbeddingsContract,), {"xfail": {"test_usage_is_what_was_reported": " "}})
    with pytest.raises(TypeError, match="no test of the contract"):
        type("TestQuiet", (EmbeddingsContract,), {"xfail": {"test_that_is_not": "why"}})
