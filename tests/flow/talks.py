"""What clients of four languages do in a talk of several turns, by the official SDKs: ask, keep the answer, send it
back with what the tools said.
"""

from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
QUESTION = "How warm is it in Ulm?"
PICTURE = "iVBORw0KGgo="


class ChatTalk:
    """Chat Completions. Its tools say words alone."""

    pictures = False

    def __init__(self, url: str, *, streamed: bool) -> None:
        self._client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0)
        self._streamed = streamed
        self.history: list[Any] = [{"role": "user", "content": QUESTION}]

    async def turn(self, model: str) -> list[str]:
        tool: Any = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
        ask: Any = {"model": model, "messages": self.history, "tools": [tool], "reasoning_effort": "high"}
        if self._streamed:
            async with self._client.chat.completions.stream(**ask) as events:
                answer: Any = await events.get_final_completion()
        else:
            answer = await self._client.chat.completions.create(**ask)
        message = answer.choices[0].message.model_dump(exclude_none=True)
        for call in message.get("tool_calls", ()):
            call["function"].pop("parsed_arguments", None)
        self.history.append(message)
        return [call["id"] for call in message.get("tool_calls", ())]

    def tell(self, call_ids: list[str]) -> None:
        self.history += [{"role": "tool", "tool_call_id": call_id, "content": "4 degrees"} for call_id in call_ids]


class ResponsesTalk:
    """Responses, without stored state."""

    pictures = True

    def __init__(self, url: str, *, streamed: bool) -> None:
        self._client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0)
        self._streamed = streamed
        self.history: list[Any] = [{"role": "user", "content": QUESTION}]

    async def turn(self, model: str) -> list[str]:
        tool: Any = {"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}
        ask: Any = {"model": model, "input": self.history, "tools": [tool], "reasoning": {"effort": "high"}}
        ask |= {"store": False, "include": ["reasoning.encrypted_content"]}
        if self._streamed:
            async with self._client.responses.stream(**ask) as events:
                answer: Any = await events.get_final_response()
        else:
            answer = await self._client.responses.create(**ask)
        items = [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in answer.output]
        self.history += items
        return [item["call_id"] for item in items if item["type"] == "function_call"]

    def tell(self, call_ids: list[str]) -> None:
        shown: Any = {"type": "input_image", "image_url": f"data:image/png;base64,{PICTURE}", "detail": "auto"}
        output = [{"type": "input_text", "text": "4 degrees"}, shown]
        self.history += [{"type": "function_call_output", "call_id": each, "output": output} for each in call_ids]


class MessagesTalk:
    """Anthropic's Messages."""

    pictures = True

    def __init__(self, url: str, *, streamed: bool) -> None:
        self._client = anthropic.AsyncAnthropic(base_url=url, api_key="x", max_retries=0)
        self._streamed = streamed
        self.history: list[Any] = [{"role": "user", "content": QUESTION}]

    async def turn(self, model: str) -> list[str]:
        thinking = {"type": "enabled", "budget_tokens": 2000}
        tool = {"name": "weather", "input_schema": SCHEMA}
        ask: Any = {"model": model, "max_tokens": 4000, "messages": self.history, "tools": [tool], "thinking": thinking}
        if self._streamed:
            async with self._client.messages.stream(**ask) as events:
                answer: Any = await events.get_final_message()
        else:
            answer = await self._client.messages.create(**ask)
        self.history.append({"role": "assistant", "content": answer.content})
        return [block.id for block in answer.content if block.type == "tool_use"]

    def tell(self, call_ids: list[str]) -> None:
        source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
        content = [{"type": "text", "text": "4 degrees"}, {"type": "image", "source": source}]
        results = [{"type": "tool_result", "tool_use_id": each, "content": content} for each in call_ids]
        self.history.append({"role": "user", "content": results})


class GeminiTalk:
    """generateContent. The parts of a stream are kept as they came."""

    pictures = True

    def __init__(self, url: str, *, streamed: bool) -> None:
        self._client = genai.Client(api_key="x", http_options=types.HttpOptions(base_url=url)).aio
        self._streamed = streamed
        self.history: list[Any] = [types.UserContent(QUESTION)]

    async def turn(self, model: str) -> list[str]:
        function = types.FunctionDeclaration(name="weather", parameters_json_schema=SCHEMA)
        thinking = types.ThinkingConfig(include_thoughts=True, thinking_budget=2000)
        config = types.GenerateContentConfig(
            tools=[types.Tool(function_declarations=[function])], thinking_config=thinking, max_output_tokens=4000
        )
        ask: Any = {"model": model, "contents": self.history, "config": config}
        if self._streamed:
            chunks: list[Any] = [chunk async for chunk in await self._client.models.generate_content_stream(**ask)]
        else:
            chunks = [await self._client.models.generate_content(**ask)]
        parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts or ()]
        self.history.append(types.ModelContent(parts))
        return [part.function_call.id for part in parts if part.function_call]

    def tell(self, call_ids: list[str]) -> None:
        shown = types.FunctionResponsePart(
            inline_data=types.FunctionResponseBlob(mime_type="image/png", data=b"\x89PNG\r\n\x1a\n")
        )
        told = [
            types.FunctionResponse(id=each, name="weather", response={"output": "4 degrees"}, parts=[shown])
            for each in call_ids
        ]
        self.history.append(types.UserContent([types.Part(function_response=each) for each in told]))


TALKS = {"openai-chat": ChatTalk, "openai-responses": ResponsesTalk, "anthropic": MessagesTalk, "gemini": GeminiTalk}
