"""Wrong plugins, each caught by the test that is there for it, with words that lead to the fault."""

import pytest
from catching import failures_of
from llm_plugin_wrong import WRONG

CAUGHT = {
    "lost-tool-index": ("test_streamed_parallel_tool_calls_keep_index_and_id", "not JSON"),
    "passed-over-error": (
        "test_an_error_in_a_stream_is_a_failure",
        "the provider told of an error, and the stream did not",
    ),
    "two-starts": ("test_a_stream_keeps_the_grammar", "is a second Start"),
    "invented-finish": ("test_a_cut_stream_is_not_finished", "Finish(reason='stop'"),
    "chunk-is-event": ("test_a_stream_says_what_the_provider_said", "Grüße aus"),
    "hoards-words": ("test_words_are_handed_on_as_they_arrive", "Grüße aus"),
    "zero-usage": ("test_usage_that_was_not_reported_is_none", "Usage(input_tokens=0"),
    "zero-usage-streamed": ("test_streamed_usage_that_was_not_reported_is_none", "Usage(input_tokens=0"),
    "forgets-limit": ("test_the_request_carries_what_was_asked", "None == 64"),
    "rewrites-relayed": ("test_a_relayed_request_keeps_its_bytes", '{"limit": 1'),
    "decodes-needlessly": ("test_a_relayed_request_keeps_its_bytes", "the canonical view was decoded"),
    "drops-odd-events": ("test_a_relayed_stream_keeps_its_bytes", "data:"),
    "wrong-finish-reason": ("test_the_finish_reason_is_the_one_given", "'stop'"),
    "sleeps": ("test_the_event_loop_is_never_held_up", "time.sleep(0.01)"),
    "works-in-loop": ("test_the_event_loop_is_never_held_up", "the loop stood still for 0."),
    "key-in-url": ("test_the_key_is_sent_nowhere_else", "shows_key"),
    "wrong-auth-style": ("test_the_key_is_sent_where_the_provider_wants_it", "Bearer"),
    "own-way-out": ("test_nothing_leaves_but_through_the_http_port", "socket.getaddrinfo"),
    "swallows-rate-limit": ("test_a_rate_limit_says_when_to_come_back", "DID NOT RAISE"),
    "retries": ("test_a_failed_call_is_not_repeated", "was not expected"),
    "key-in-error": ("test_a_key_that_the_provider_echoes_shows_in_no_error", "an error of a plain call shows the key"),
    "leaks-response": ("test_closing_a_stream_early_drops_its_response", "ScriptedResponse(200, open)"),
    "leaks-refusal": ("test_every_response_is_read_to_its_end_or_dropped", "ScriptedResponse(500, open)"),
    "uncancellable": ("test_a_cancelled_call_drops_its_response", "no answer in time"),
    "lets-decode-errors-out": ("test_a_body_that_makes_no_sense_is_an_error", "DecodeError"),
    "empty-is-an-answer": ("test_a_body_without_an_answer_is_an_error", "DID NOT RAISE"),
    "lax-settings": ("test_a_typo_in_the_settings_is_refused", "DID NOT RAISE"),
    "leaks-client": ("test_closing_the_provider_closes_its_connections", "closed"),
    "hides-cards": ("test_a_model_in_the_settings_is_laid_over_its_card", "a-model-of-ones-own"),
    "empty-list": ("test_models_are_discovered_as_the_provider_lists_them", "DID NOT RAISE"),
    "free-model": ("test_prices_say_whose_they_are_and_what_a_call_costs", "a call costs nothing"),
    "doubled-card": ("test_models_are_listed_once", "1 == 2"),
    "hidden-origin": ("test_requests_go_where_the_factory_says", "acme.test"),
    "heavy": ("test_importing_the_plugin_imports_ports_alone", "yaml"),
}
"""The wrong kind, the test that must fail, and words of its failure."""

_HEAD = """
import llm_plugin_acme, llm_plugin_heavy, llm_plugin_wrong
from llm_plugin_acme.samples import ACME_CHAT
from lockgate_ports.testkit import ProviderContract

class Acme:
    settings = {"base_url": "http://acme.test/v1"}
    model = "acme-1"
    samples = ACME_CHAT
"""
_CLASS = """
class Test_{name}(Acme, ProviderContract):
    plugin = {plugin}
    kind = "{kind}"
"""


def _class(kind: str) -> str:
    plugin, kind_there = ("llm_plugin_heavy", "acme") if kind == "heavy" else ("llm_plugin_wrong", kind)
    return _CLASS.format(name=kind.replace("-", "_"), plugin=plugin, kind=kind_there)


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What each wrong plugin's test failed with, from one run of pytest without any configuration."""
    wanted = {kind: test for kind, (test, _) in CAUGHT.items()}
    return failures_of(tmp_path_factory.mktemp("wrong"), _HEAD, map(_class, CAUGHT), wanted)


@pytest.mark.parametrize("kind", CAUGHT)
def test_a_wrong_plugin_fails_by_the_right_test(failures: dict[str, list[str]], kind: str) -> None:
    test, words = CAUGHT[kind]
    assert failures[kind], f"{test} let it pass"
    assert any(words in failure for failure in failures[kind]), failures[kind]


def test_each_wrong_plugin_is_tried() -> None:
    assert set(CAUGHT) == {*WRONG, "heavy"}
