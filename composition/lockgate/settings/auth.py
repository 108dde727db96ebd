"""Who may call: the part `auth` of a settings file."""

from ipaddress import ip_address, ip_network
from typing import Annotated, Literal

from msgspec import Meta, Struct

from lockgate_ports.http import Origin, UrlError, split_url

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""How a token may be signed: by key pairs alone, so that nothing public can be taken for a shared secret."""


IssuerName = Annotated[str, Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]


class KeyFileSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where virtual keys are kept, which `lockgate keys` makes and revokes."""

    path: Annotated[str, Meta(min_length=1)]
    """A file of SQLite; it is made, readable by its owner alone, where there is none. It holds hashes, no keys."""


class Claims(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which claims of a token say what. A claim is named as it stands (`https://acme.example/tenant`), or by a path to
    it (`realm_access.roles`). A token without a claim that is named here, or with another sort of value, is refused."""

    user: str | None = "sub"
    """Who calls; `null`: nobody in particular."""
    tenant: str | None = None
    """On whose behalf."""
    scopes: str = "scope"
    """Its scopes: words with spaces between, or a list of them; may be absent."""
    models: str | None = None
    """Names that may be asked for, with `*` for any part: a list, or words with spaces or commas between."""
    surfaces: str | None = None
    """Dialects that may be spoken, likewise."""
    priority: str | None = None
    """Its [priority](#priority) where calls wait for a place: `high`, `normal` or `low`."""
    labels: dict[str, str] = {}
    """Labels, by name, that the rules of the egress policy go by: `{residency: data_region}`."""
    parents: dict[str, str] = {}
    """Scopes whose limits hold too, by their word: `{team: department}` makes `team:search` of the department
    `search`."""


class TokenIssuer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An issuer of JWTs (OpenID Connect, OAuth 2.0) whose tokens are keys here. Needs `pip install 'lockgate[jwt]'`."""

    issuer: Annotated[str, Meta(min_length=1)]
    """What `iss` in its tokens says, to the letter."""
    audience: Annotated[tuple[Annotated[str, Meta(min_length=1)], ...], Meta(min_length=1)]
    """For whom a token must be made: `aud` in it names one of these."""
    jwks_url: str | None = None
    """Where its public keys are; absent: where `ISSUER/.well-known/openid-configuration` says, on the same host."""
    algorithms: Annotated[tuple[Algorithm, ...], Meta(min_length=1)] = ("RS256", "ES256")
    """How its tokens may be signed."""
    leeway: Annotated[float, Meta(ge=0, le=300)] = 30.0
    """How many seconds its clock may differ from the one here."""
    refresh: Annotated[float, Meta(ge=60)] = 3600.0
    """How often its public keys are read anew, in seconds; and besides when a token names one that is not known."""
    scope: str | None = None
    """A scope that a token must have; absent: none is asked for."""
    admin_scope: str | None = None
    """The scope that opens the pages for operators; absent: no token does."""
    tenant: str | None = None
    """The tenant of all its tokens, where no claim says it."""
    claims: Claims = Claims()
    """Which claims say what, as under [claims](#claims)."""
    private_addresses: tuple[str, ...] = ()
    """Networks (`10.20.0.0/16`) that its host may resolve to although they are private."""

    def __post_init__(self) -> None:
        if self.tenant is not None and self.claims.tenant is not None:
            raise ValueError("tenant: claims.tenant says it as well; leave one of them out")
        for network in self.private_addresses:
            ip_network(network)
        name = "issuer" if self.jwks_url is None else "jwks_url"
        try:
            origin = self.keys_at[0]
        except UrlError as error:
            raise ValueError(f"{name}: {error}") from None
        if origin.scheme != "https" and not _is_here(origin.host):
            raise ValueError(f"{name}: write https://: who could change these keys on the way could sign any token")

    @property
    def keys_at(self) -> tuple[Origin, str]:
        """Where to ask for its keys, or for where they are."""
        return split_url(self.issuer if self.jwks_url is None else self.jwks_url)


class Auth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may call, besides whoever shows a key of `server.client_credential_refs`."""

    keys: KeyFileSettings | None = None
    """The file of virtual keys; absent: there are none."""
    jwt: dict[IssuerName, TokenIssuer] = {}
    """Issuers of tokens that are keys here, by a name of your own, as under [auth.jwt](#authjwt)."""
    open: bool = False
    """Serve whoever reaches the port, also beyond this machine, when no key is asked for; without this, starting so
    is refused."""

    def __post_init__(self) -> None:
        if len({each.issuer for each in self.jwt.values()}) < len(self.jwt):
            raise ValueError("jwt: the same issuer stands there twice; one row may have several audiences")


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
