"""Replies around canonical answers: what a glance at each would have told."""

from msgspec.structs import replace

from lockgate_ports.chat import ChatResponse
from lockgate_ports.count import TokenCount
from lockgate_ports.embed import EmbedResponse
from lockgate_ports.rerank import RerankResponse
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Glance, Reply


def glance_chat(view: ChatResponse) -> Glance:
    """Model, usage and why each choice ended."""
    return Glance(view.model, view.usage, tuple([choice.finish_reason for choice in view.choices]))


def glance_embeddings(view: EmbedResponse) -> Glance:
    """Model and usage."""
    return Glance(view.model, view.usage)


def glance_rerank(view: RerankResponse) -> Glance:
    """Model and usage."""
    return Glance(view.model, view.usage)


def glance_count(view: TokenCount) -> Glance:
    """A count is no usage: nothing was billed."""
    return Glance(usage=Usage(input_tokens=0, output_tokens=0), estimated=view.estimated)


def reply_of(view: ChatResponse, dropped: tuple[str, ...] = (), request_id: str | None = None) -> Reply[ChatResponse]:
    """A Reply around a canonical chat answer."""
    return Reply(glance_chat(view), made=view, dropped=dropped, request_id=request_id)


def named(answer: ChatResponse, model: str) -> ChatResponse:
    """The answer with the name that the client asked for where the provider tells none, as streams have it."""
    return answer if answer.model else replace(answer, model=model)
