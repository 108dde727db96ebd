"""The kind redis: its settings, and how it is built."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from lockgate_ports.hooks import BuildContext, Factory
from lockgate_ports.limits import LimitsPort
from lockgate_ports.secrets import CredentialRef


class RedisSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One Redis, or something that speaks like it, for all gateways that count together."""

    credential_ref: CredentialRef
    """Where its URL is kept, password included: `redis://:PASSWORD@host:6379/0`, `rediss://` with TLS, `unix://`."""
    prefix: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = "lockgate"
    """What its keys begin with. Gateways with the same one count together."""
    timeout: Annotated[float, Meta(gt=0)] = 0.25
    """Seconds that it may take to answer; afterwards it counts as away."""
    away: Literal["refuse", "local"] = "local"
    """What happens while it is away. `refuse`: no call that a limit concerns is made (503 `limits_failed`). `local`:
    each gateway counts for itself."""
    local_share: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """The share of each limit that a gateway admits by itself while Redis is away: 0.25 where there are four."""
    lease: Annotated[int, Meta(ge=1)] = 3600
    """Seconds after which a call that was never told to be over, since its gateway died, counts as over. Longer than
    any call may take."""


def build(settings: RedisSettings, context: BuildContext) -> LimitsPort:
    """Connects when the first call comes."""
    from llm_plugin_redis.limits import RedisLimits

    async def url() -> str:
        return (await context.secret(settings.credential_ref)).reveal()

    return RedisLimits(settings, url)


REDIS = Factory(
    kind="redis", settings=RedisSettings, build=build, summary="limits and budgets that many gateways share"
)
