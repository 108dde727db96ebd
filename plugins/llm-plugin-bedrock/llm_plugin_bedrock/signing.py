"""Signature Version 4 over a request, by botocore's signer (AWS IAM user guide, "Create a signed AWS API request")."""

import time
from functools import cache
from importlib import import_module
from typing import Any

from msgspec import Struct, structs

from llm_plugin_bedrock.credentials import Credentials
from lockgate_ports.http import HttpRequest
from lockgate_ports.secret import Secret

_STAMP = "%Y%m%dT%H%M%SZ"
SERVICE = "bedrock"


class Signer(Struct, frozen=True):
    """botocore's signer and request, loaded; `load_signer` makes it."""

    auth: Any
    request: Any
    keys: Any

    def sign(
        self, request: HttpRequest, credentials: Credentials, region: str, now: float, service: str = SERVICE
    ) -> HttpRequest:
        """The request with `authorization`, `x-amz-date` and, where there is one, `x-amz-security-token`.

        `now` is seconds since 1970. Every header it carries but those that proxies change is signed.
        """
        stamp = time.strftime(_STAMP, time.gmtime(now))
        added, shows = [("x-amz-date", stamp)], request.shows
        if credentials.session_token is not None:
            added.append(("x-amz-security-token", credentials.session_token))
            shows += (Secret(credentials.session_token),)
        asked = self.request(
            method=request.method,
            url=f"{request.origin}{request.target}",
            headers=dict((*request.headers, *added)),
            data=bytes(request.body),
        )
        asked.context["timestamp"] = stamp
        keys = self.keys(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
        auth = self.auth(keys, service, region)
        to_sign = auth.string_to_sign(asked, auth.canonical_request(asked))
        signature = auth.signature(to_sign, asked)
        signed = auth.signed_headers(auth.headers_to_sign(asked))
        value = f"AWS4-HMAC-SHA256 Credential={auth.scope(asked)}, SignedHeaders={signed}, Signature={signature}"
        return structs.replace(request, headers=(*request.headers, *added, ("authorization", value)), shows=shows)


@cache
def load_signer() -> Signer:
    """Imports botocore, which takes a while: call it in a thread."""
    auth, request, keys = (import_module(f"botocore.{name}") for name in ("auth", "awsrequest", "credentials"))
    return Signer(auth.SigV4Auth, request.AWSRequest, keys.Credentials)
