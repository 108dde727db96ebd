"""What tools show follows their answers, as a message of the user."""

import json

from llm_plugin_openai.dialect import OpenAIChat
from lockgate_ports.chat import ChatRequest
from lockgate_ports.dialect import Upstream
from lockgate_ports.parts import Image, Message, Text, ToolCall, ToolResult, UrlSource, assistant, user

DOT = Image(UrlSource("https://a.test/dot.png"))
CALLS = assistant(ToolCall("c1", "look", "{}"), ToolCall("c2", "look", "{}"))


def test_pictures_stand_behind_the_answers_to_all_calls_of_the_turn(dialect: OpenAIChat, upstream: Upstream) -> None:
    answers = (
        Message("tool", (ToolResult("c1", (Text("here"), DOT)),)),
        Message("tool", (ToolResult("c2", (DOT,)),)),
    )
    view = ChatRequest(model="m", messages=(user("Look."), CALLS, *answers, user("Well?")))
    written = dialect.write_request(view, upstream)
    first, second, shown, last = json.loads(written.http.body)["messages"][2:]
    assert (first["tool_call_id"], first["content"]) == ("c1", "here")
    assert (second["tool_call_id"], second["content"]) == ("c2", "(shown in the next message of the user)")
    picture = {"type": "image_url", "image_url": {"url": "https://a.test/dot.png"}}
    assert shown == {
        "role": "user",
        "content": [
            {"type": "text", "text": "Shown by the tool call c1:"},
            picture,
            {"type": "text", "text": "Shown by the tool call c2:"},
            picture,
        ],
    }
    assert last["content"] == "Well?"
    assert written.dropped == ("messages[2].content[1].position", "messages[3].content[0].position")


def test_pictures_of_the_last_answers_are_not_lost(dialect: OpenAIChat, upstream: Upstream) -> None:
    view = ChatRequest(model="m", messages=(CALLS, Message("tool", (ToolResult("c1", (DOT,)),))))
    roles = [each["role"] for each in json.loads(dialect.write_request(view, upstream).http.body)["messages"]]
    assert roles == ["assistant", "tool", "user"]
