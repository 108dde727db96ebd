"""Bodies of this dialect on their way to a place that serves it: where, and with which header fields."""

from llm_plugin_anthropic.betas import HEADER, header_of
from llm_plugin_anthropic.quirks import Quirks
from llm_plugin_anthropic.travelling import QUERY
from lockgate_ports.dialect import Upstream
from lockgate_ports.http import Body, Headers, HttpRequest

_VERSION = "anthropic-version"
_CLIENTS_OWN = (_VERSION, "accept")
_JSON = (("content-type", "application/json"), ("accept", "application/json"))
_STREAM = (("content-type", "application/json"), ("accept", "text/event-stream"))


def http_request(body: Body, upstream: Upstream, quirks: Quirks, path: str, travelled: Headers = ()) -> HttpRequest:
    """POST {prefix}{path}. A client's own API version holds for its own body, and its `accept`; its betas join those
    of the settings."""
    headers = _ours(upstream) + upstream.headers
    if not travelled:
        return _post(body, upstream, quirks, path, headers)
    query = ""
    if travelled[-1][0] == QUERY:
        *fields, (_, query) = travelled
        travelled = tuple(fields)
    return _post(body, upstream, quirks, path, _with(headers, travelled), query)


def cloud_request(body: bytes, upstream: Upstream, quirks: Quirks, path: str, betas: list[str]) -> HttpRequest:
    """The same for a place that reads version or betas in the body; what else a client's head says is not for it."""
    others = tuple(field for field in upstream.headers if field[0] not in (_VERSION, HEADER))
    return _post(body, upstream, quirks, path, _ours(upstream) + others + header_of(betas, quirks))


def _post(body: Body, upstream: Upstream, quirks: Quirks, path: str, headers: Headers, query: str = "") -> HttpRequest:
    target = quirks.target(path, upstream)
    if query:
        target += f"&{query}" if "?" in target else f"?{query}"
    return HttpRequest("POST", upstream.origin, target, headers, body, upstream.purpose)


def _ours(upstream: Upstream) -> Headers:
    return _STREAM if upstream.stream else _JSON


def _with(own: Headers, travelled: Headers) -> Headers:
    given = dict(travelled)
    fields: list[tuple[str, str]] = []
    for name, value in own:
        if name in _CLIENTS_OWN and name in given:
            continue
        if name == HEADER and name in given:
            words = dict.fromkeys(word.strip() for word in f"{value},{given.pop(name)}".split(",") if word.strip())
            fields.append((name, ",".join(words)))
        else:
            given.pop(name, None)
            fields.append((name, value))
    return (*fields, *given.items())
