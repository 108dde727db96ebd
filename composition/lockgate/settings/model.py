"""The whole of a settings file as frozen values; each field says what it means to whoever writes the file."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from lockgate.settings.auth import Auth
from lockgate.settings.concurrency import Concurrency, Priority
from lockgate.settings.limits import Limits
from lockgate.settings.network import DataHandling, Labels, Proxy
from lockgate.settings.profiles import Profile
from lockgate.settings.reload import Reload
from lockgate.settings.routes import OwnRetry, OwnTimeouts, Route, Seconds, Status
from lockgate_ports.secrets import CredentialRef

Bytes = Annotated[int, Meta(gt=0)]


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the gateway listens, what it accepts, and who may call it."""

    host: str = "127.0.0.1"
    """The address to listen on; `0.0.0.0` for every IPv4 address of the machine."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    """The TCP port; 0 takes any free one."""
    workers: Annotated[int, Meta(ge=1, le=1024)] = 1
    """How many processes serve on the port; one for each core is the most that is of use."""
    max_body_bytes: Bytes = 32 * 1024 * 1024
    """The longest request body, in bytes, as it comes and as it is once unpacked; a longer one gets 413."""
    header_timeout: Seconds = 15.0
    """Seconds within which a request head must be complete, the first one from the connection's beginning on."""
    idle_timeout: Seconds = 75.0
    """Seconds for which a connection is kept after an answer, until its next request begins."""
    body_timeout: Seconds = 15.0
    """Seconds within which a request body must arrive; a large one has a second more for each 64 KiB."""
    drain_timeout: Seconds = 30.0
    """Seconds that calls in flight have to finish after SIGTERM."""
    ping_interval: Seconds = 15.0
    """Seconds of silence in a stream after which a ping keeps its connection alive."""
    cors_origins: tuple[str, ...] = ()
    """Origins of web pages that may call from a browser, `https://app.example` say, or `*`; empty: none may."""
    client_credential_refs: tuple[CredentialRef, ...] = ()
    """Where the keys are kept that clients must show, `env:LOCKGATE_CLIENT_KEY` say; empty, and no `auth.keys` either:
    no key is asked for."""
    admin_credential_refs: tuple[CredentialRef, ...] = ()
    """Where further such keys are kept, which open the pages for operators (`/admin/...`) as well."""


class ResponsesSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether answers of the Responses API are kept, so that a client may go on from one by its id."""

    kind: Literal["none", "memory", "sqlite"] = "none"
    """Where: nowhere; in this process, until it ends; in a file. What is kept are prompts and answers."""
    path: str | None = None
    """The file of `sqlite`; it is made, readable by its owner alone. Its folder must exist."""
    max_bytes: Bytes = 256 * 1024 * 1024
    """How much is kept, in bytes; then the oldest go."""
    max_age: Seconds = 30 * 86400.0
    """How long an answer is kept, in seconds."""

    def __post_init__(self) -> None:
        if (self.kind == "sqlite") != (self.path is not None):
            raise ValueError("path belongs to kind: sqlite, which needs it")


class PluginSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which installed plugins are loaded."""

    allow: tuple[str, ...] | None = None
    """Names of distributions, `llm-plugin-openai` say; absent: all that are installed."""
    sandbox: Literal["off", "report", "strict"] = "report"
    """What becomes of a plugin's own connections and child processes, past the egress policy: `report` logs and counts
    them, `strict` refuses them too."""


class Retry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a call is tried, and how long is waited in between."""

    max_attempts: Annotated[int, Meta(ge=1, le=10)] = 3
    """Attempts at one target, the first included."""
    base_delay: Annotated[float, Meta(ge=0)] = 0.25
    """The wait before the second attempt is random, up to twice this, in seconds; for each further one, twice that."""
    max_delay: Annotated[float, Meta(ge=0)] = 8.0
    """The longest wait between attempts, in seconds."""
    max_retry_after: Annotated[float, Meta(ge=0)] = 5.0
    """The longest `retry-after` that is waited out, in seconds. With a longer one the next target is asked; where
    there is none, the client is told to come back."""
    budget: Annotated[float, Meta(ge=0, le=1)] = 0.15
    """How many retries a provider gets for each call, besides one a second, so that they do not deepen an outage."""
    budget_reserve: Annotated[float, Meta(ge=0)] = 20.0
    """How many unused retries are saved up at most; so many there are at the beginning."""


class Breaker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a target (one model of one provider) that keeps failing is left alone, and for how long.

    Failures are those of the provider: faults, overload, timeouts; not rate limits, keys or bad requests.
    """

    failures: Annotated[int, Meta(ge=1)] = 8
    """So many failures in a row open it."""
    ratio: Annotated[float, Meta(gt=0, le=1)] = 0.6
    """So does this share of failures among the calls within `window`."""
    min_calls: Annotated[int, Meta(ge=1)] = 10
    """With fewer calls within `window`, `ratio` says nothing."""
    window: Seconds = 30.0
    """How far `ratio` looks back, in seconds."""
    open_for: Seconds = 2.0
    """Seconds until one call may try again; twice that each time it fails."""
    max_open_for: Seconds = 10.0
    """The longest such time, in seconds; a fifth more or less, by chance."""

    def __post_init__(self) -> None:
        if self.max_open_for < self.open_for:
            raise ValueError("max_open_for is less than open_for")


class Timeouts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a provider may take, in seconds."""

    connect: Seconds = 5.0
    """From the first packet to an open connection, TLS included."""
    attempt: Seconds = 300.0
    """One attempt whose answer comes whole."""
    first_token: Seconds = 120.0
    """From sending a streamed call to its first content."""
    idle: Seconds = 60.0
    """Between two pieces of content of a stream; comments and pings do not count."""
    total: Seconds = 900.0
    """The whole call, all attempts and the stream included."""


class HealthCheck(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gateway itself asks a provider now and then, by the smallest real call (mostly one token), and tells the
    breaker of the model what came of it. Without it only what becomes of clients' calls counts."""

    interval: Seconds
    """Seconds between two checks of a model, a tenth more or less; so long a check may take."""
    models: tuple[str, ...] = ()
    """Which models of it; empty: all that routes name."""


class Chosen(Struct, frozen=True, kw_only=True):
    """One kind, chosen by name. In the file the kind's own fields stand beside `kind`."""

    kind: str
    """The name that a plugin (or lockgate itself) registered."""
    settings: Any = None
    """The kind's own settings, decoded to its own type."""


class ProviderRow(Struct, frozen=True, kw_only=True):
    """One configured provider. In the file the kind's own fields (`base_url`, say) stand beside these."""

    kind: str
    """The kind of provider, as a plugin registered it: `openai`, `openai-compatible`."""
    credential_ref: CredentialRef | None = None
    """Where the key is kept: `env:OPENAI_API_KEY`, `file:/run/secrets/keys.yaml#openai`. Never the key itself."""
    credential_refs: Annotated[tuple[CredentialRef, ...], Meta(min_length=1)] | None = None
    """Several keys, in place of `credential_ref`: calls are spread over those that work."""
    status: Status = "active"
    """`testing`: answers whoever asks for `provider_id/model`, and no route. `draining`: gets no new call.
    `disabled`: is not opened and not listed."""
    max_parallel: Annotated[int, Meta(ge=1)] | None = None
    """How many calls it gets at a time, all its models together; more are told `busy` (429) or go to the next target.
    Absent: any number."""
    max_queued: Annotated[int, Meta(ge=0)] = 0
    """How many calls may wait for a place when `max_parallel` are running, by [priority](#priority)."""
    queue_timeout: Seconds = 30.0
    """How long a call waits in the queue, in seconds."""
    concurrency: Concurrency | None = None
    """How many calls each model of it gets at a time, as under [concurrency](#concurrency); absent: any number."""
    model_concurrency: dict[str, Concurrency] = {}
    """The same for single models, by name, in place of `concurrency`."""
    send_traceparent: bool = False
    """It is sent `traceparent` and `tracestate`, where a call is part of a trace."""
    timeouts: OwnTimeouts | None = None
    """What this provider may take, where it differs from the `timeouts` of the file, as under
    [Own timeouts](#own-timeouts)."""
    retry: OwnRetry | None = None
    """How often calls to it are tried, where it differs from the `retry` of the file, as under
    [Own retry](#own-retry)."""
    health_check: HealthCheck | None = None
    """Health checks by interval, as under [health_check](#health_check); absent: none."""
    model_timeouts: dict[str, OwnTimeouts] = {}
    """What single models of it may take, by name, as under
    [Own timeouts](#own-timeouts)."""
    model_retry: dict[str, OwnRetry] = {}
    """How often calls to single models of it are tried, by name, as under [Own retry](#own-retry)."""
    private_addresses: tuple[str, ...] = ()
    """Networks (`10.20.0.0/16`) that this provider's host may resolve to although they are private."""
    data: DataHandling = DataHandling()
    """What becomes of data there: region, retention, training."""
    proxy: Proxy | Literal["direct"] | None = None
    """The forward proxy on the way to it; absent: that of the file, if there is one; `direct`: none."""
    ca_file: str | None = None
    """A file of certificates (PEM) that are trusted besides the system's; absent: that of the file."""
    kind_settings: Any = None
    """The kind's own settings, decoded to its own type."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The references of all its keys."""
        return self.credential_refs or ((self.credential_ref,) if self.credential_ref is not None else ())


class ConfigKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An environment variable or a secret that the settings use, declared once."""

    purpose: Annotated[str, Meta(min_length=1)]
    """What it is for."""
    secret: bool = True
    """It is a key or a password: a `credential_ref` may name it, a value tagged `!env` may not."""
    owner: str = ""
    """Who looks after it."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    version: Annotated[int, Meta(ge=1, le=1)] = 1
    """The version of this format; there is one so far."""
    server: ServerSettings = ServerSettings()
    """Where the gateway listens, what it accepts, who may call it; an embedded one has no use for `host` and `port`."""
    responses: ResponsesSettings = ResponsesSettings()
    """Whether answers of the Responses API are kept (`store`, `previous_response_id`)."""
    auth: Auth = Auth()
    """Who may call, by which virtual keys."""
    reload: Reload = Reload()
    """When settings are taken anew, and where those that were applied are kept."""
    state: str | None = None
    """The folder in which is kept what outlives a process: how far rollouts are. Absent: `.lockgate` beside the
    settings; nowhere, where these are no file."""
    plugins: PluginSettings = PluginSettings()
    """Which installed plugins are loaded."""
    secrets: dict[str, Any] = field(default_factory=dict[str, Any])
    """The settings of secret stores by scheme. Loaded: decoded, for each scheme that is named here or used."""
    egress: Chosen = Chosen(kind="allow-list")
    """The egress policy: where bytes may go."""
    labels: Labels = Labels()
    """On whose behalf calls are made, where the caller does not say."""
    proxy: Proxy | None = None
    """The forward proxy on the way to providers, secret stores and exporters."""
    ca_file: str | None = None
    """A file of certificates (PEM) that are trusted besides the system's."""
    metrics: Chosen = Chosen(kind="prometheus")
    """Where calls are counted."""
    traces: Chosen | None = None
    """Where spans of calls are exported; absent: nowhere."""
    ledger: Chosen | None = None
    """Where a durable record of each call and each audit event is kept; absent: nowhere."""
    limits: Limits = Limits()
    """What clients may use, and where it is counted."""
    priority: Priority = Priority()
    """Who goes first where calls wait for a place."""
    steps: tuple[Chosen, ...] = ()
    """The policy chain around each call, outermost first."""
    http_client: Literal["lean", "aiohttp"] = "lean"
    """What carries the traffic to providers: a lean HTTP/1.1 client of our own, or aiohttp's, which takes more CPU."""
    retry: Retry = Retry()
    """How often a call is tried."""
    breaker: Breaker = Breaker()
    """When a target that keeps failing is left alone."""
    timeouts: Timeouts = Timeouts()
    """What a provider may take where its row does not say otherwise."""
    providers: dict[str, ProviderRow] = field(default_factory=dict[str, ProviderRow])
    """Configured providers by provider_id, in kebab-case."""
    routes: dict[str, Route] = field(default_factory=dict[str, Route])
    """Names that clients may ask for; `provider_id/model` can always be asked for."""
    profiles: dict[str, Profile] = field(default_factory=dict[str, Profile])
    """Named ways to call a model: its name, parameters, time and prompt."""
    config_keys: dict[str, ConfigKey] | None = None
    """Environment variables by name, other secrets by their reference (`file:/run/secrets/x`). Once this is there,
    what is used undeclared is a fault, and `lockgate check` names what is declared and not used."""
    environments: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """Overlays by name (`dev`, `prod`): any part of the file again. Mappings merge, lists and values replace, null
    removes. Loaded: the chosen one is merged in, and this is empty."""
