"""What can go wrong with a call, and what to do about it."""

import asyncio
import sys

from lockgate import (
    CallerError,
    ChatRequest,
    EgressDenied,
    LockgateError,
    ModelNotFound,
    SettingsError,
    UpstreamError,
    open_gateway,
    user,
)
from lockgate.gateway import Gateway


async def ask(gateway: Gateway, model: str) -> str:
    try:
        answer = await gateway.chat(ChatRequest(model=model, messages=(user("Hello!"),)), timeout=30)
    except ModelNotFound as error:
        return f"a typo, most likely: {error}"
    except CallerError as error:
        return f"the request is at fault, at {error.param}: {error}"
    except EgressDenied as error:
        return f"the policy says no ({error.rule})"
    except UpstreamError as error:
        if error.kind in ("rate_limit", "overloaded"):
            return f"come back in {error.retry_after or 30:g} s: {error}"
        return f"{error.provider_id} failed ({error.kind}): {error}"
    except LockgateError as error:
        return f"{error.code}: {error}"
    return answer.text


async def main(settings: str, *models: str) -> None:
    try:
        async with open_gateway(settings) as gateway:
            for model in models:
                print(await ask(gateway, model))
    except SettingsError as error:
        print(error, file=sys.stderr)  # every fault on a line of its own


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
