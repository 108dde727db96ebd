"""One request to a provider: written, signed, sent, and refused in words of the taxonomy."""

from typing import Any, TypeVar

from msgspec import structs

from lockgate_ports.dialect import PassedDialect, ProviderDialect, Upstream, Written
from lockgate_ports.http import HttpPort, HttpRequest, HttpResponse
from lockgate_ports.http_answers import refusal
from lockgate_ports.http_endpoint import Endpoint
from lockgate_ports.model import Attempt
from lockgate_ports.seals import is_sealed
from lockgate_ports.secret import Secret
from lockgate_ports.travelling import Returning
from lockgate_ports.wire import Request

View = TypeVar("View")


class Reach:
    """One provider's endpoint, through one HttpPort."""

    def __init__(self, provider_id: str, endpoint: Endpoint, http: HttpPort) -> None:
        self._provider_id = provider_id
        self._endpoint = endpoint
        self._http = http
        self.response_limit = endpoint.response_limit

    def written(
        self,
        dialect: ProviderDialect[View, Any] | PassedDialect,
        request: Request[Any],
        attempt: Attempt,
        *,
        stream: bool,
    ) -> Written:
        """In the client's own bytes where the dialects agree, else from the view. Raises Unsupported, and what reading
        the view raises."""
        upstream = self.upstream(attempt, stream=stream)
        body = request.body
        if body is not None and request.dialect == dialect.name and (request.plain or not is_sealed(body)):
            return dialect.relay_request(body, request.headers, upstream, request.wire)
        return dialect.write_request(request.view, upstream)

    def upstream(self, attempt: Attempt, *, stream: bool) -> Upstream:
        """The place that the request of this attempt is written for."""
        endpoint = self._endpoint
        return Upstream(
            self._provider_id,
            endpoint.origin,
            endpoint.prefix,
            attempt.model,
            stream,
            (*endpoint.headers, *attempt.headers) if attempt.headers else endpoint.headers,
            endpoint.params,
            attempt.purpose,
        )

    async def send(
        self,
        dialect: ProviderDialect[Any, Any] | PassedDialect,
        request: HttpRequest,
        attempt: Attempt,
        shown: list[Secret],
        returning: Returning | None = None,
    ) -> HttpResponse:
        """An answer with a status of success. Adds to `shown` what is shown beside the attempt's own secret: a token
        that was got for it. Raises UpstreamError for any other, with what of its head is `returning` to the client,
        and as HttpPort says."""
        signed = self._endpoint.auth.sign(request, attempt.secret)
        if not isinstance(signed, HttpRequest):
            signed = await signed
        if signed.shows != (attempt.secret,):
            shown += [secret for secret in signed.shows if secret is not attempt.secret]
        if attempt.connect is not None:
            signed = structs.replace(signed, connect=attempt.connect)
        response = await self._http.send(signed)
        if 200 <= response.status < 300 and response.status != 204:
            return response
        try:
            raise await refusal(dialect, response, returning, shown)
        finally:
            response.abort()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()


def shown_by(attempt: Attempt) -> list[Secret]:
    """The secrets that an attempt shows its provider."""
    return [] if attempt.secret is None else [attempt.secret]
