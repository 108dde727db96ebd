"""`/admin/usage`, `/admin/audit` and `/admin/content`: what was used, what was done to the gateway, what was kept."""

import time
from collections.abc import Mapping

import msgspec

from lockgate.ledger_asking import audit_query, audit_rows, read_content, usage_query, usage_rows
from lockgate.surfaces.head import Head, ReadBody
from lockgate.surfaces.lines import id_line
from lockgate.surfaces.replies import Whole
from lockgate_ports.errors import NotFound
from lockgate_ports.ledger import LedgerPort

_MOST = 1_000


class LedgerPlace:
    """Reads the ledger. Says what a query means that it cannot answer, by InvalidRequest."""

    def __init__(self, ledger: LedgerPort) -> None:
        self._ledger = ledger

    async def serve_usage(self, head: Head, _: Mapping[str, str], __: ReadBody, request_id: str) -> Whole:
        """`?by=tenant,model&since=7d&until=...&tenant=acme`."""
        asked = head.query
        query = usage_query(asked.get("by"), asked.get("since"), asked.get("until"), asked.get("tenant"), time.time())
        rows = usage_rows(query, await self._ledger.usage(query))
        told = {"by": query.by, "since": query.since, "until": query.until, "tenant": query.tenant, "rows": rows}
        return Whole(200, msgspec.json.encode(told), headers=id_line(request_id))

    async def serve_content(self, head: Head, values: Mapping[str, str], _: ReadBody, request_id: str) -> Whole:
        """What is kept of the prompt and the answer of a call. Raises NotFound."""
        asked = values["request_id"]
        rows = await read_content(self._ledger, asked, head.caller.key_id or "admin")
        if not rows:
            raise NotFound(f"no prompt or answer is kept of a call with the id {asked[:100]!r}")
        return Whole(200, msgspec.json.encode({"rows": rows}), headers=id_line(request_id))

    async def serve_audit(self, head: Head, _: Mapping[str, str], __: ReadBody, request_id: str) -> Whole:
        """`?kind=opened,closed&since=7d&until=...`: the last 1,000 of them."""
        kinds = [word for word in head.query.get("kind", "").split(",") if word]
        query = audit_query(kinds, head.query.get("since"), head.query.get("until"), _MOST, time.time())
        told = {"rows": audit_rows(await self._ledger.audit(query))}
        return Whole(200, msgspec.json.encode(told), headers=id_line(request_id))
