"""The event that ends a stream by an error (OpenAI API reference, Responses, Streaming events, error)."""

from typing import Any

import msgspec

from llm_plugin_openai.error_out import error_body
from lockgate_ports.errors import LockgateError
from lockgate_ports.sse import sse


class _Error(msgspec.Struct):
    error: dict[str, Any] | str | None = None


_ERROR = msgspec.json.Decoder(_Error)


def error_event(error: LockgateError, sequence: int) -> bytes:
    """Its members stand flat, as the reference has them, and in `error` too, as OpenAI sends them and as its SDK needs
    them to raise an exception."""
    told = _ERROR.decode(error_body(error)).error
    said = told if isinstance(told, dict) else {"message": told or error.message}
    fields = {
        "type": "error",
        "sequence_number": sequence,
        "code": said.get("code"),
        "message": said.get("message") or error.message,
        "param": said.get("param"),
        "error": said,
    }
    return sse(msgspec.json.encode(fields), "error")
