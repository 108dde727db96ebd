"""Which requests of this very dialect must be translated for a server with quirks."""

import json
from typing import Any

import pytest

from llm_plugin_openai.foreign import Foreign
from llm_plugin_openai.quirks import Quirks


def _within(quirks: Quirks, **fields: Any) -> bool:
    return Foreign(quirks).within(json.dumps({"model": "m", "messages": []} | fields).encode())


@pytest.mark.parametrize(
    ("quirks", "fields", "plain"),
    [
        (Quirks(lacks=("user",)), {"user": None}, {"metadata": {"user": "x"}}),
        (Quirks(renames=(("seed", "random_seed"),)), {"seed": 1}, {"random_seed": 1}),
        (Quirks(thinking="type"), {"reasoning_effort": "low"}, {"thinking": {"type": "enabled"}}),
        (Quirks(formats=("text",)), {"response_format": {"type": "json_object"}}, {"n": 1}),
        (Quirks(developer_role=False), {"messages": [{"role": "developer"}]}, {"messages": [{"role": "system"}]}),
        (
            Quirks(call_ids="nine"),
            {"messages": [{"role": "tool", "tool_call_id": "call_1"}]},
            {"messages": [{"role": "tool", "tool_call_id": "aB3xK9mP2"}]},
        ),
        (
            Quirks(call_ids="nine"),
            {"messages": [{"tool_calls": [{"id": "aB3xK9mP21"}]}]},
            {"messages": [{"tool_calls": [{"id": "aB3xK9mP2", "function": {"arguments": '{"id": "x"}'}}]}]},
        ),
    ],
)
def test_only_what_the_server_takes_otherwise_is_foreign(
    quirks: Quirks, fields: dict[str, Any], plain: dict[str, Any]
) -> None:
    assert _within(quirks, **fields)
    assert not _within(quirks, **plain)
    assert not _within(Quirks(), **fields)


def test_what_is_no_json_is_left_for_others_to_refuse() -> None:
    assert not Foreign(Quirks(lacks=("user",))).within(b'{"user":')
