"""The contract of engines: a right one passes, wrong ones are each caught by the test that is there for it."""

from typing import ClassVar

import llm_plugin_parrot
import pytest
from catching import failures_of
from llm_plugin_parrot import WRONG
from llm_plugin_parrot.wrong import WRONG_ENGINES

from lockgate_ports.testkit import EngineContract
from lockgate_ports.testkit.engine_contract import ENGINE_PROTECTED


class TestParrot(EngineContract):
    plugin = llm_plugin_parrot
    kind = "parrot"
    settings: ClassVar = {}
    model = "parrot-1"


CAUGHT = {
    "works-in-loop": ("test_the_event_loop_goes_round_while_it_answers", "the loop stood still for 0."),
    "sleeps-in-loop": ("test_the_event_loop_goes_round_while_it_answers", "time.sleep(0.01)"),
    "keeps-on-when-given-up": ("test_a_call_that_is_given_up_makes_room", "an answer did not come within"),
    "keeps-on-when-left": ("test_a_stream_that_is_left_makes_room", "did not come within"),
    "swallows-cancelling": ("test_a_call_that_is_given_up_makes_room", "UpstreamError"),
    "one-at-a-time": ("test_calls_at_the_same_time_are_all_answered", "it talks"),
    "no-usage": ("test_an_answer_has_words_an_end_and_usage", "no usage was reported"),
    "forgets-limit": ("test_an_answer_has_words_an_end_and_usage", "more was generated than was asked for"),
    "ignores-stop": ("test_a_stop_word_ends_it", "is contained here"),
    "loses-words": ("test_a_stream_keeps_the_grammar_and_says_what_a_plain_call_says", "word0word1"),
    "two-finishes": ("test_a_stream_keeps_the_grammar_and_says_what_a_plain_call_says", "is a second Finish"),
    "reads-bytes": ("test_a_client_of_any_dialect_is_answered", "substring not found"),
    "answers-any-model": ("test_a_model_that_it_has_not_is_not_found", "DID NOT RAISE"),
    "cuts-prompt": ("test_a_prompt_beyond_the_context_is_told_as_that", "DID NOT RAISE"),
    "raw-error": ("test_a_prompt_beyond_the_context_is_told_as_that", "RuntimeError: too long"),
    "talks-json": ("test_a_json_schema_is_kept_or_refused", "DecodeError"),
    "forgets-tools": ("test_tools_are_called_or_refused", "as though it had not been there"),
    "forgets-pictures": ("test_a_picture_is_seen_or_refused", "as though it had not been there"),
    "offers-nothing": ("test_what_it_does_not_offer_is_told_as_that", "NotImplementedError"),
    "lists-nothing": ("test_the_model_is_listed_and_a_probe_is_a_call", "'parrot-1' in []"),
    "asks-network": ("test_nothing_leaves_the_process", "socket.getaddrinfo"),
    "asks-port": ("test_nothing_leaves_the_process", "HttpRequest"),
    "answers-unopened": ("test_before_it_opens_it_says_so", "DID NOT RAISE"),
    "hangs-when-closed": ("test_closing_ends_its_calls_by_an_error", "a refusal did not come within"),
    "ends-well-when-closed": ("test_closing_ends_its_calls_by_an_error", "DID NOT RAISE"),
    "leaves-threads": ("test_closing_leaves_no_threads", "parrot_0"),
    "lax-settings": ("test_a_typo_in_the_settings_is_refused", "DID NOT RAISE"),
    "has-origin": ("test_it_has_no_place_on_the_network", "acme.test"),
}
"""The wrong kind, the test that must fail, and words of its failure."""

_HEAD = """
import llm_plugin_parrot
from lockgate_ports.testkit import EngineContract

class Parrot:
    plugin = llm_plugin_parrot
    settings = {}
    model = "parrot-1"
    patience = 2.0
"""


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What each wrong engine's test failed with."""
    classes = [
        f'\nclass Test_{kind.replace("-", "_")}(Parrot, EngineContract):\n    kind = "{kind}"\n' for kind in CAUGHT
    ]
    return failures_of(
        tmp_path_factory.mktemp("wrong"), _HEAD, classes, {kind: test for kind, (test, _) in CAUGHT.items()}
    )


@pytest.mark.parametrize("kind", CAUGHT)
def test_a_wrong_engine_fails_by_the_right_test(failures: dict[str, list[str]], kind: str) -> None:
    test, words = CAUGHT[kind]
    assert failures[kind], f"{test} let it pass"
    assert any(words in failure for failure in failures[kind]), failures[kind]


def test_each_wrong_engine_is_tried() -> None:
    assert set(CAUGHT) == set(WRONG)
    assert {*WRONG_ENGINES, "lax-settings", "has-origin"} == {"parrot", *WRONG}


def test_each_test_of_the_contract_catches_something() -> None:
    # Whether an import is clean is asked by the same words of HTTP's contract, where a heavy plugin is caught.
    tests = {name for name in ENGINE_PROTECTED if name.startswith("test_")}
    assert {test for test, _ in CAUGHT.values()} == tests - {"test_importing_the_plugin_imports_ports_alone"}


def test_every_contract_test_says_what_to_look_at() -> None:
    for name in ENGINE_PROTECTED:
        if name.startswith("test_"):
            words = (getattr(EngineContract, name).__doc__ or "").split()
            assert words[:1] == ["Look"], name
            assert len(words) > 6, name


@pytest.mark.parametrize("name", ["test_a_stop_word_ends_it", "engine", "unopened"])
def test_what_belongs_to_the_contract_cannot_be_overridden(name: str) -> None:
    with pytest.raises(TypeError, match=f"TestQuiet overrides {name}.*xfail"):
        type("TestQuiet", (EngineContract,), {name: lambda self: None})


def test_an_xfail_names_a_test_and_gives_a_reason() -> None:
    for xfail, why in (
        ({"test_no_such": "why"}, "no test of the contract"),
        ({"test_a_stop_word_ends_it": " "}, "no r"),
    ):
        with pytest.raises(TypeError, match=why):
            type("TestQuiet", (EngineContract,), {"xfail": xfail})
