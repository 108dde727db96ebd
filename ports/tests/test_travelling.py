"""Which fields of a client's head go on, and which of a provider's come back."""

from tracemalloc import get_traced_memory, start, stop

import pytest

from lockgate_ports.secret import Secret
from lockgate_ports.travelling import Returning, Travelling

TRAVELLING = Travelling(("openai-beta",), ("x-codex-",))


def test_what_is_named_goes_on_in_the_order_it_came() -> None:
    given = {"x-codex-turn": "1", "cookie": "a=b", "openai-beta": "x", "authorization": "Bearer k", "user-agent": "me"}
    expected = (("x-codex-turn", "1"), ("openai-beta", "x"), ("user-agent", "me"))
    for _ in range(2):
        assert TRAVELLING.of(given) == expected


@pytest.mark.parametrize("odd", ["é", "a\x7f", "a\tb", "a\nb", "*/*"])
def test_each_value_is_looked_at_whatever_passed_before_it(odd: str) -> None:
    for value, expected in (("fine", (("user-agent", "fine"),)), (odd, ()), ("fine", (("user-agent", "fine"),))):
        assert TRAVELLING.of({"user-agent": value}) == expected


def test_what_clients_say_does_not_fill_the_memory() -> None:
    travelling = Travelling(())
    start()
    try:
        for number in range(20_000):
            travelling.of({"user-agent": f"{number:0200}"})
            travelling.of({"user-agent": f"{number:05}" * 1000})
        assert get_traced_memory()[0] < 1_000_000
    finally:
        stop()


def test_a_value_that_shows_a_secret_does_not_come_back() -> None:
    returning = Returning(("x-note",), ("openai-",))
    headers = {"X-Note": "of sk-1", "openai-version": "1", "OpenAI-Model": "m", "openai-organization": "acme"}
    told = (("openai-version", "1"), ("openai-model", "m"))
    assert returning.of(headers, [Secret("sk-1")]) == told
    assert returning.of(headers, [Secret("other"), Secret("")]) == (("x-note", "of sk-1"), *told)
    assert returning.of({"date": "x"}, []) == ()
