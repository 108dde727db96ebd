"""Memory: earlier answers of a stateful dialect, put before the call, and the new one kept when it is whole."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any

from lockgate.surfaces.head import Head, ReadBody, client_key
from lockgate.surfaces.lines import id_line
from lockgate.surfaces.replies import Whole
from lockgate_ports.context import Target
from lockgate_ports.errors import InvalidRequest, NotFound
from lockgate_ports.kept import ConversingDialect, KeptAnswer, KeptAnswersPort, StatefulDialect
from lockgate_ports.wire import Request


class Memory:
    """One dialect's answers in a store; each caller has only his own, told by the key that is shown."""

    def __init__(self, dialect: StatefulDialect, store: KeptAnswersPort, wall: Callable[[], float]) -> None:
        self._dialect = dialect
        self._talks = dialect if isinstance(dialect, ConversingDialect) else None
        self._store = store
        self._wall = wall

    async def recall(self, request: Request[Any], head: Head) -> Request[Any]:
        """The call with its history. Raises InvalidRequest for an answer or a conversation that is not kept."""
        if self._talks is not None and (name := self._talks.conversation(request)) is not None:
            conversation = await self._store.find(talker(head), name)
            if conversation is None:
                raise InvalidRequest(
                    f"no conversation of yours is kept here as {name[:100]!r}: POST /v1/conversations begins one",
                    param="conversation",
                    code="conversation_not_found",
                )
            return self._talks.continued(request, conversation, f"resp_{secrets.token_hex(24)}")
        previous = self._dialect.previous(request)
        earlier = None if previous is None else await self._store.find(_caller(head), previous)
        if previous is not None and earlier is None:
            raise InvalidRequest(
                f"no answer of yours is kept here as {previous[:100]!r}: send the whole conversation",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        return self._dialect.continued(request, earlier, f"resp_{secrets.token_hex(24)}")

    async def keep(self, request: Request[Any], head: Head, body: bytes, target: Target) -> None:
        """Keeps a whole answer where its client wants that, and adds it to its conversation."""
        if self._dialect.wants_keeping(request):
            answer = self._dialect.kept(request, body, _caller(head), target, self._wall())
            if answer is not None:
                await self._store.keep(answer)
        if self._talks is not None and (name := self._talks.conversation(request)) is not None:
            conversation = await self._store.find(talker(head), name)
            if conversation is not None and (grown := self._talks.said(conversation, request, body, self._wall())):
                await self._store.keep(grown)

    def watch(self, request: Request[Any], head: Head, target: Target) -> Callable[[bytes], Awaitable[None]] | None:
        """To be told what a stream sends before it is sent: the answer is kept just before its end is told, so that a
        client may go on from it at once. None where it is not to be kept."""
        talks = self._talks is not None and self._talks.conversation(request) is not None
        if not (talks or self._dialect.wants_keeping(request)):
            return None
        look = self._dialect.whole_answer()

        async def watch(data: bytes) -> None:
            if (body := look(data)) is not None:
                await self.keep(request, head, body, target)

        return watch

    async def serve_kept(self, head: Head, values: Mapping[str, str], _: ReadBody, request_id: str) -> Whole:
        """GET: the answer as it was given; DELETE: forgets it. Raises NotFound."""
        name = values["id"]
        if head.method == "DELETE":
            if not await self._store.forget(_caller(head), name):
                raise _no_such(name)
            return Whole(200, self._dialect.write_forgotten(name), headers=id_line(request_id))
        body = self._dialect.write_kept(await self._found(head, name), head.query)
        return Whole(200, body, headers=id_line(request_id))

    async def serve_cancel(self, head: Head, values: Mapping[str, str], _: ReadBody, request_id: str) -> Whole:
        """Raises InvalidRequest: what is kept is whole."""
        await self._found(head, values["id"])
        raise InvalidRequest("the answer is whole: only one that is made in the background can be cancelled")

    async def serve_given(self, head: Head, values: Mapping[str, str], _: ReadBody, request_id: str) -> Whole:
        """A page of what the answer was made from. Raises NotFound."""
        answer = await self._found(head, values["id"])
        return Whole(200, self._dialect.write_given(answer, head.query), headers=id_line(request_id))

    async def _found(self, head: Head, name: str) -> KeptAnswer:
        answer = await self._store.find(_caller(head), name)
        if answer is None:
            raise _no_such(name)
        return answer


async def serve_nothing(head: Head, values: Mapping[str, str], _: ReadBody, request_id: str) -> Whole:
    """For places of what is kept, where nothing is. Raises NotFound."""
    raise NotFound(f"{head.path[:200]}: no answers are kept here, for the settings say nothing of `responses`")


def talker(head: Head) -> str:
    """Whose a conversation is: answers and conversations do not meet."""
    return f"conversation:{_caller(head)}"


def _caller(head: Head) -> str:
    """No key is written down, only what tells one from another. A key that is rotated keeps its id."""
    if (key_id := head.caller.key_id) is not None:
        return f"key:{key_id}"
    return sha256(client_key(head).encode("utf-8", "surrogatepass")).hexdigest()


def _no_such(name: str) -> NotFound:
    return NotFound(f"no answer of yours is kept here as {name[:100]!r}")
