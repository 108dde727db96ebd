"""A client's bytes become a Request (Cohere API, Rerank, v2 and v1)."""

import re

import msgspec
from msgspec import Raw

from llm_plugin_cohere.names import RERANK
from llm_plugin_cohere.rerank_wire import RERANK_REQUEST, WireRerank, is_object, is_string
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.rerank import RerankRequest
from lockgate_ports.wire import Inbound, Request

_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_STRING = msgspec.json.Decoder(str)
_KNOWN = frozenset(("model", "query", "documents", "top_n", "max_tokens_per_doc", "return_documents"))
_MISSING = re.compile(r"Object missing required field `(.+?)`")
_PATH = re.compile(r" - at `\$\.?(.*)`$")


def read_request(inbound: Inbound) -> Request[RerankRequest]:
    """Checks the shape of the whole body; the view is made on first use. Raises InvalidRequest, naming the field."""
    body = inbound.body
    if not body.strip():
        raise InvalidRequest("the request has no body; send a JSON object with model, query and documents")
    try:
        wire = RERANK_REQUEST.decode(body)
        body.decode()
    except msgspec.ValidationError as error:
        raise _shape(str(error)) from None
    except RecursionError:
        raise InvalidRequest("the body is nested too deeply to be read") from None
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"the body is not valid UTF-8: byte {error.start} begins no character") from None
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"the body is not valid JSON: {error}") from None
    _check(wire)
    return Request(
        operation="rerank",
        model=wire.model,
        stream=False,
        dialect=RERANK,
        body=body,
        read=lambda: _view(wire, body),
    )


def _check(wire: WireRerank) -> None:
    if not wire.model.strip():
        raise InvalidRequest("model is empty; name the model to ask", param="model")
    if not wire.model.isprintable():
        raise InvalidRequest("model holds a control character or line break", param="model")
    if not wire.documents:
        raise InvalidRequest("documents is empty; send at least one", param="documents")
    for place, document in enumerate(wire.documents):
        if not is_string(document) and not is_object(document):
            at = f"documents[{place}]"
            raise InvalidRequest(f"{at} must be a string or an object", param=at)
    if wire.top_n is not None and wire.top_n < 1:
        raise InvalidRequest("top_n must be 1 or more", param="top_n")


def _view(wire: WireRerank, body: bytes) -> RerankRequest:
    try:
        documents = tuple(_STRING.decode(each) if is_string(each) else each for each in wire.documents)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"a string in documents is no text: {error}", param="documents") from None
    return RerankRequest(
        model=wire.model,
        query=wire.query,
        documents=documents,
        top_n=wire.top_n,
        return_documents=wire.return_documents,
        max_tokens_per_document=wire.max_tokens_per_doc,
        extra={name: value for name, value in _MEMBERS.decode(body).items() if name not in _KNOWN},
        native=RERANK,
    )


def _shape(said: str) -> InvalidRequest:
    at = _PATH.search(said)
    path = at.group(1) if at else ""
    if (missing := _MISSING.match(said)) is not None:
        name = f"{path}.{missing.group(1)}" if path else missing.group(1)
        return InvalidRequest(f"{name} is missing", param=name)
    plain = said[: at.start()] if at else said
    return InvalidRequest(f"{path or 'the body'}: {plain[:1].lower()}{plain[1:]}", param=path or None)
