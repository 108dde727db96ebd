"""Routes as settings: names, patterns, tasks and sizes, who answers for them, and who stands in."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from lockgate_core.blotting import NAMED, redaction

Status = Literal["active", "testing", "draining", "disabled"]
Strategy = Literal["ordered", "weighted", "round_robin", "least_busy", "fastest", "usage", "cheapest"]

Seconds = Annotated[float, Meta(gt=0)]
Names = tuple[str, ...]


class Match(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a route answers for besides its own name; exactly one of these."""

    pattern: Annotated[str, Meta(min_length=1)] | None = None
    """A regular expression for the whole name of a model. In `targets`, `{model}` stands for the name, and `{group}`
    for the group `(?P<group>...)`."""
    tasks: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    """Words for what models can do: `task:code` asks for the route that has `code`, and as few others as any."""
    size: str | None = None
    """`< 8B`, `8B - 13B` or `> 13B`: `size:7B` asks for the route that holds 7 billion parameters."""
    any: Literal[True] | None = None
    """Every name that nothing else answers for."""


class RouteTarget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A target with more to say of it than its name."""

    target: str
    """`provider_id/model`; the model may hold slashes."""
    weight: Annotated[float, Meta(ge=0)] | None = None
    """Its share of the calls, beside the others' weights, with `strategy: weighted`; absent: 1. With 0 it is asked only
    when all others have failed."""
    status: Status = "active"
    """`testing`, `draining` or `disabled`: this route does not ask it."""


class Fallbacks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who stands in: routes or targets, in order. Those of a class of error take over right after an error of that
    class, in place of the targets that are left; an empty list means nobody."""

    any: Names = ()
    """After all targets of the route, whatever their errors."""
    context_length: Names | None = None
    """The request is too long for the model."""
    content_filter: Names | None = None
    """The provider refused the content."""
    unsupported: Names | None = None
    """The target cannot do or say what was asked."""
    invalid_request: Names | None = None
    """The provider found the request bad."""
    rate_limit: Names | None = None
    """Too many requests."""
    quota: Names | None = None
    """No credit is left."""
    timeout: Names | None = None
    """No answer in time."""
    overloaded: Names | None = None
    """The provider has too much to do."""
    transient: Names | None = None
    """The provider failed."""
    not_found: Names | None = None
    """The provider has no such model."""
    auth: Names | None = None
    """The key is not accepted."""
    permission: Names | None = None
    """The key may not do this."""


class OwnTimeouts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Timeouts, in seconds, that differ from what is said more generally. The most special one counts that says
    something: of a profile, else of a route, a model, a provider, the file."""

    connect: Seconds | None = None
    """From the first packet to an open connection, TLS included."""
    attempt: Seconds | None = None
    """One attempt whose answer comes whole."""
    first_token: Seconds | None = None
    """From sending a streamed call to its first content."""
    idle: Seconds | None = None
    """Between two pieces of content of a stream."""
    total: Seconds | None = None
    """The whole call, all attempts and the stream included."""


class OwnRetry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a call is tried, where that differs from what is said more generally, in the order of timeouts."""

    max_attempts: Annotated[int, Meta(ge=1, le=10)] | None = None
    """Attempts at one target, the first included."""
    base_delay: Annotated[float, Meta(ge=0)] | None = None
    """The wait before the second attempt is random, up to twice this, in seconds; for each further one, twice that."""
    max_delay: Annotated[float, Meta(ge=0)] | None = None
    """The longest wait between attempts, in seconds."""
    max_retry_after: Annotated[float, Meta(ge=0)] | None = None
    """The longest `retry-after` that is waited out, in seconds."""


class Stream(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of a stream that fails. While the client has seen none of it, the next target answers unseen."""

    policy: Literal["error", "restart", "continue"] = "error"
    """When the client has seen some of it: `error` ends it with an error event. `restart` shows nothing before the
    whole is there, so that it can always begin anew. `continue` lets the next target go on from the words that were
    said, as a prefill where its model card says `prefill`; else it begins anew, unseen, and must say the same again."""
    hold_tokens: Annotated[int, Meta(ge=0)] = 0
    """So many pieces of content (mostly a token each) are held back before the client sees any."""
    hold_ms: Annotated[float, Meta(ge=0)] = 0.0
    """Or content is held back for so long, in milliseconds. With both, whichever comes first."""

    def __post_init__(self) -> None:
        if self.policy == "restart" and (self.hold_tokens or self.hold_ms):
            raise ValueError("policy: restart holds back the whole stream, so hold_tokens and hold_ms mean nothing")


class Hedge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second target is asked as well when the first takes longer than 95 of 100 of its recent answers did; the first
    answer counts, the other call is cancelled at once, and recorded as `hedge_lost` with what it cost."""

    budget: Annotated[float, Meta(gt=0, le=1)] = 0.02
    """How many more calls that may be, for each call of the route."""
    allow_side_effects: bool = False
    """Also for calls that may do something besides answering: run tools of the provider's own, or store the answer."""


class Rollout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New targets for a route, for more and more of its callers, and for fewer again when they do worse."""

    to: Annotated[tuple[str | RouteTarget, ...], Meta(min_length=1)]
    """The new targets, ordered by the strategy of the route; the route's own stand in for them."""
    steps: Annotated[tuple[Annotated[float, Meta(gt=0, le=100)], ...], Meta(min_length=1)] = (1.0, 5.0, 25.0, 100.0)
    """Shares of callers in per cent, rising."""
    hold: Annotated[float, Meta(ge=0)] = 600.0
    """How long each step lasts at least, in seconds."""
    sticky: Literal["tenant", "user"] = "tenant"
    """By what callers are told apart, so that each stays where it is; calls that name none go by chance."""
    min_calls: Annotated[int, Meta(ge=1)] = 50
    """With fewer calls to the new targets in a step nothing is judged, and no step is taken."""
    max_error_rate: Annotated[float, Meta(ge=0, le=1)] = 0.05
    """How much more of the calls may fail than by the old targets."""
    max_latency: Annotated[float, Meta(ge=1)] = 1.5
    """How many times as long as by the old targets an answer may take, on average."""
    max_empty_rate: Annotated[float, Meta(ge=0, le=1)] = 0.05
    """How much more of the answers may be empty than by the old targets."""

    def __post_init__(self) -> None:
        if list(self.steps) != sorted(set(self.steps)):
            raise ValueError("steps must rise")


class Shadow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Targets that get a copy of some calls beside the real ones, and are compared with them, but never answered from.

    A copy is tried once, and not at all where there is no room for it; it counts for nobody's cost."""

    targets: Annotated[Names, Meta(min_length=1)]
    """`provider_id/model` each; every one gets its copy."""
    share: Annotated[float, Meta(gt=0, le=1)]
    """Which share of the calls, by chance."""
    max_parallel: Annotated[int, Meta(ge=1)] = 8
    """How many copies of this route are under way at a time; further ones are not sent."""
    allow_side_effects: bool = False
    """Also calls that may do something besides answering: run tools of the provider's own, or store the answer."""


class Keep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of prompts and answers, beside the row of the call in the ledger and nowhere else. Pictures, sounds
    and vectors are not."""

    prompts: bool = False
    """What clients sent, as they sent it."""
    answers: bool = False
    """What they were answered, streams too."""
    redact: tuple[Annotated[str, Meta(min_length=1)], ...] = ()
    """What is blotted out before: `email`, `phone`, `card`, `iban`, `ip`, `us-ssn`, and regular expressions of your
    own. Keys that the gateway knows, and what looks like one, are blotted out anyway."""
    days: Annotated[float, Meta(gt=0)] = 30.0
    """How long; the row of the call stays."""
    max_letters: Annotated[int, Meta(ge=100, le=4_000_000)] = 65_536
    """The most that is kept of a prompt, and of an answer; the rest is cut off."""

    def __post_init__(self) -> None:
        if not (self.prompts or self.answers):
            raise ValueError("say `prompts: true`, `answers: true`, or leave keep out")
        for place, rule in enumerate(self.redact):
            try:
                redaction([rule], str)
            except re.error as error:
                raise ValueError(f"redact[{place}] is no known name and no regular expression: {error}") from None
            if rule not in NAMED and re.fullmatch(r"[a-z][a-z_-]*", rule):
                known = ", ".join(NAMED)
                raise ValueError(f"redact[{place}]: {rule!r} is none of {known}; the word itself is `\\b{rule}\\b`")


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name that clients may ask for, and who answers."""

    targets: Annotated[tuple[str | RouteTarget, ...], Meta(min_length=1)] = ()
    """`provider_id/model` each, the model may hold slashes; or a mapping as under [A target](#a-target). May be left
    out where `match` says `tasks` or `size`: then all models answer whose cards say so."""
    strategy: Strategy = "ordered"
    """Which target is asked first: the first that is listed, one by its weight, each in turn, the one with the fewest
    calls running, the quickest, the one with most room left under its limits, the cheapest."""
    match: Match | None = None
    """What it answers for besides its name."""
    fallbacks: Names | Fallbacks = ()
    """Routes or targets that stand in when no target answers; or a mapping as under [Fallbacks](#fallbacks)."""
    rollout: Rollout | None = None
    """New targets that take over step by step, as under [rollout](#rollout)."""
    stream: Stream = Stream()
    """What becomes of a stream that fails, as under [stream](#stream)."""
    hedge: Hedge | None = None
    """When a second target is asked as well, as under [hedge](#hedge); absent: never."""
    timeouts: OwnTimeouts | None = None
    """How long calls may take, where it differs from what their targets say, as under
    [Own timeouts](#own-timeouts)."""
    retry: OwnRetry | None = None
    """How often calls are tried, likewise, as under [Own retry](#own-retry)."""
    keep: Keep | None = None
    """What is kept of prompts and answers, as under [keep](#keep); absent: nothing. Needs a `ledger`."""
    shadow: Shadow | None = None
    """Targets that are tried out beside the calls, as under [shadow](#shadow)."""

    @property
    def names(self) -> tuple[str, ...]:
        """The targets, each as `provider_id/model`."""
        return tuple(each if isinstance(each, str) else each.target for each in self.targets)

    @property
    def stand_ins(self) -> Fallbacks:
        """The fallbacks in full."""
        return self.fallbacks if isinstance(self.fallbacks, Fallbacks) else Fallbacks(any=self.fallbacks)
