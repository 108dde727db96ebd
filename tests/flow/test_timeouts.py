"""A timeout is that of the route, else of the model, else of the provider."""

from gateway import serving, settings
from upstream import HANG, upstream

ASK = {"messages": [{"role": "user", "content": "hi"}]}


async def test_the_nearest_timeout_counts():
    async with upstream() as up:
        config = settings(up.url, timeouts={"attempt": 0.3})
        config["providers"]["up"] |= {"model_timeouts": {"m": {"attempt": 0.2}}}
        config["routes"]["quick"] = {"targets": ["up/m", "up/other"], "timeouts": {"attempt": 0.1}}
        async with serving(config) as gw:
            up.say([HANG])
            for model, seconds in (("up/other", "0.3"), ("up/m", "0.2"), ("fast", "0.2"), ("quick", "0.1")):
                told = await gw.ask(ASK | {"model": model})
                assert told.status == 504
                assert told.json["error"]["message"].startswith(f"up: no answer within {seconds} s")
