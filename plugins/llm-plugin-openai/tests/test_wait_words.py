"""How long to wait, where the words of an error alone say it."""

import pytest

from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.wait_words import wait_in


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Rate limit reached for model `m`. Please try again in 7.66s. Need more tokens?", 7.66),
        ("Please try again in 1m2.5s.", 62.5),
        ("Please try again in 2h5m0s.", 7500.0),
        ("Please try again in 20ms.", 0.02),
        ("Please retry after 20 seconds.", 20.0),
        ("Too many requests; wait for 5 minutes", 300.0),
        ("Please try again later.", None),
        ("Retry in a different region", None),
        ("You sent 3 requests in 5s", None),
    ],
)
def test_the_words_for_a_wait_are_understood(message: str, seconds: float | None) -> None:
    assert wait_in(message) == seconds


def test_a_header_counts_before_the_words_and_both_for_limits_alone() -> None:
    body = b'{"error":{"message":"Please try again in 7.5s","type":"tokens","code":"rate_limit_exceeded"}}'
    chat = OpenAIChat()
    assert chat.read_error(429, {}, body).retry_after == 7.5
    assert chat.read_error(429, {"retry-after": "3"}, body).retry_after == 3.0
    assert chat.read_error(400, {}, body).retry_after is None
