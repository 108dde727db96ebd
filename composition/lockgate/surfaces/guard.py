"""What keeps the web pages that an operator has open from acting in the operator's name."""

import ipaddress
from urllib.parse import urlsplit

from lockgate.surfaces.head import Head
from lockgate.surfaces.replies import JSON
from lockgate_ports.caller import Caller
from lockgate_ports.errors import Forbidden, UnsupportedMedia

_SAME = ("", "same-origin", "none")


def check_admin(head: Head, caller: Caller) -> None:
    """Raises Forbidden for whoever is no operator, and for pages of another origin; UnsupportedMedia for what a form
    can send: a browser asks first before it sends JSON elsewhere."""
    if not caller.admin:
        raise Forbidden(
            "this page is for operators: show a key of server.admin_credential_refs, or a virtual key made with --admin"
        )
    origin = head.headers.get("origin")
    elsewhere = head.headers.get("sec-fetch-site", "") not in _SAME
    if elsewhere or (origin is not None and urlsplit(origin).netloc != head.headers.get("host", "")):
        raise Forbidden("this page answers no page of another origin")
    media = head.headers.get("content-type", "").partition(";")[0].strip().lower()
    if head.method not in ("GET", "HEAD") and media != JSON:
        raise UnsupportedMedia("send `content-type: application/json`, also where there is nothing to say")


def check_host(head: Head) -> None:
    """Raises Forbidden where the client believes to speak with another machine: a page whose name was made to lead here
    (DNS rebinding) is of that name's origin, and could read what nobody but this machine may."""
    host = head.headers.get("host")
    if host is None or _is_here(host):
        return
    raise Forbidden(
        f"no key is asked for here, so that this answers only to localhost and IP addresses, not to {host[:100]!r}"
    )


def _is_here(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
