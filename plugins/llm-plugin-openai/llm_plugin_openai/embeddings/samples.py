"""Known answers of `openai-embeddings`, for the contract kit."""

from msgspec import structs

from llm_plugin_openai.embeddings.wire import NAME
from llm_plugin_openai.samples import OPENAI_CHAT
from lockgate_ports.testkit import OperationSamples
from lockgate_ports.testkit.list_samples import vector_samples


def openai_embeddings(size: str = "dimensions") -> OperationSamples:
    """Of a server that calls the length of a vector `size`."""
    return structs.replace(
        vector_samples(NAME, size=size, spent={"prompt_tokens": 8, "total_tokens": 8}),
        invalid_key=OPENAI_CHAT.invalid_key,
        rate_limited=OPENAI_CHAT.rate_limited,
        server_error=OPENAI_CHAT.server_error,
        more_errors=OPENAI_CHAT.more_errors,
        no_answer=(b'{"object":"list","data":[]}', b'{"error":{"message":"no room","type":"server_error"}}'),
    )


OPENAI_EMBEDDINGS = openai_embeddings()
