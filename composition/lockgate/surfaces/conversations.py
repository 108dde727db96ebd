"""Conversations of a dialect's clients, in the store that keeps their answers."""

import secrets
from collections.abc import Callable, Mapping

from lockgate.surfaces.head import Head, ReadBody, whole
from lockgate.surfaces.lines import id_line
from lockgate.surfaces.memory import talker
from lockgate.surfaces.replies import Whole
from lockgate_ports.errors import NotFound
from lockgate_ports.kept import ConversingDialect, KeptAnswer, KeptAnswersPort


class Conversations:
    """Begun, shown, changed and ended by their clients; each caller has only his own."""

    def __init__(self, dialect: ConversingDialect, store: KeptAnswersPort, wall: Callable[[], float]) -> None:
        self._dialect = dialect
        self._store = store
        self._wall = wall

    async def serve(self, head: Head, values: Mapping[str, str], read_body: ReadBody, request_id: str) -> Whole:
        """Whatever the path and the method say. Raises InvalidRequest and NotFound."""
        name, item = values.get("id"), values.get("item")
        if name is None:
            body = await self._begin(head, await whole(read_body))
        elif item is not None:
            body = await self._one_item(head, await self._found(head, name), item)
        elif head.path.endswith("/items"):
            body = await self._items(head, await self._found(head, name), read_body)
        else:
            body = await self._one(head, await self._found(head, name), read_body)
        return Whole(200, body, headers=id_line(request_id))

    async def _begin(self, head: Head, body: bytes) -> bytes:
        name = f"conv_{secrets.token_hex(24)}"
        made = self._dialect.begun(body, name, talker(head), self._wall())
        await self._store.keep(made)
        return made.body

    async def _one(self, head: Head, kept: KeptAnswer, read_body: ReadBody) -> bytes:
        if head.method == "DELETE":
            await self._store.forget(kept.caller, kept.id)
            return self._dialect.write_ended(kept.id)
        if head.method == "POST":
            kept = self._dialect.changed(kept, await whole(read_body), self._wall())
            await self._store.keep(kept)
        return kept.body

    async def _items(self, head: Head, kept: KeptAnswer, read_body: ReadBody) -> bytes:
        if head.method != "POST":
            return self._dialect.write_given(kept, head.query)
        kept, told = self._dialect.with_items(kept, await whole(read_body), self._wall())
        await self._store.keep(kept)
        return told

    async def _one_item(self, head: Head, kept: KeptAnswer, item: str) -> bytes:
        if head.method != "DELETE":
            return self._dialect.write_one_item(kept, item)
        await self._store.keep(self._dialect.without_item(kept, item, self._wall()))
        return kept.body

    async def _found(self, head: Head, name: str) -> KeptAnswer:
        kept = await self._store.find(talker(head), name)
        if kept is None:
            raise NotFound(f"no conversation of yours is kept here as {name[:100]!r}")
        return kept
