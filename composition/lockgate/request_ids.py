"""Ids of calls whose clients name none."""

import random

_IDS = random.Random()  # noqa: S311  ids tell calls apart; nothing hangs on their being guessed


def new_request_id() -> str:
    """`req_` and 96 random bits in hex. From a generator, which the system seeded: to ask the system each time costs as
    much as to find a route."""
    return f"req_{_IDS.getrandbits(96).to_bytes(12).hex()}"
