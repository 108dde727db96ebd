"""Print an answer as it arrives, then look at the whole of it."""

import asyncio
import sys

from lockgate import ChatRequest, open_gateway, user


async def main(settings: str | None = None) -> None:
    request = ChatRequest(model="default", messages=(user("Count from one to five."),), max_tokens=64)
    async with open_gateway(settings) as gateway, gateway.stream(request) as stream:
        async for words in stream.texts():
            print(words, end="", flush=True)
        print()
        choice = stream.response.choices[0]
    print(f"{stream.served.target} finished: {choice.finish_reason}", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
