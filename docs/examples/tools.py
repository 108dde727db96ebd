"""Let the model call a function, and give it the result."""

import asyncio
import json
import sys

from msgspec import Raw

from lockgate import ChatRequest, FunctionTool, Message, open_gateway, tool, user

WEATHER = FunctionTool(
    name="weather",
    description="The weather in a city.",
    parameters=Raw(b'{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'),
)


def weather(city: str) -> str:
    return f"12 degrees and rain in {city}"


async def main(settings: str, model: str = "default") -> None:
    messages = [user("What is the weather in Lyon?")]
    async with open_gateway(settings) as gateway:
        while True:
            answer = await gateway.chat(ChatRequest(model=model, messages=tuple(messages), tools=(WEATHER,)))
            choice = answer.response.choices[0]
            if not choice.tool_calls:
                break
            # The call goes back as it came, and beside it the result under the same id.
            messages.append(Message("assistant", choice.parts))
            messages += [tool(call.id, weather(**json.loads(call.arguments))) for call in choice.tool_calls]
    print(answer.text)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
