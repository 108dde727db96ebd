"""The kind under the contract of every provider, with the errors that are its own among the samples."""

from typing import ClassVar

from msgspec import structs

import llm_plugin_minimax
from llm_plugin_openai.samples import OPENAI_CHAT
from lockgate_ports.testkit import KEY, ProviderContract, Refused


def _base_resp(code: int, message: str) -> bytes:
    return b'{"id":"1","choices":null,"base_resp":{"status_code":%d,"status_msg":"%s"}}' % (code, message.encode())


class TestMiniMax(ProviderContract):
    plugin = llm_plugin_minimax
    kind = "minimax"
    settings: ClassVar = {"base_url": "http://minimax.test/v1"}
    model = "sample-1"
    samples = structs.replace(
        OPENAI_CHAT,
        invalid_key=Refused(status=401, kind="auth", body=_base_resp(1004, f"login fail: {KEY}")),
        more_errors=(
            *OPENAI_CHAT.more_errors,
            Refused(status=400, kind="quota", body=_base_resp(1008, "insufficient balance")),
            Refused(status=500, kind="transient", body=_base_resp(1033, "system error")),
        ),
        no_answer=(*OPENAI_CHAT.no_answer, _base_resp(1002, f"rate limit for {KEY}")),
        relay_request=OPENAI_CHAT.relay_request.replace(b'"seed"', b'"reasoning_split":false, "zy"'),
    )
