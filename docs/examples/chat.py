"""Ask once: `python chat.py`, or `python chat.py lockgate.yaml`."""

import asyncio
import sys

from lockgate import ChatRequest, open_gateway, system, user


async def main(settings: str | None = None) -> None:
    async with open_gateway(settings) as gateway:
        answer = await gateway.chat(
            ChatRequest(
                model="default",
                messages=(system("Answer in one sentence."), user("What is the capital of France?")),
                max_tokens=64,
            ),
            timeout=30,
        )
    print(answer.text)
    if usage := answer.response.usage:
        print(f"{answer.target}: {usage.input_tokens} tokens in, {usage.output_tokens} out", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
