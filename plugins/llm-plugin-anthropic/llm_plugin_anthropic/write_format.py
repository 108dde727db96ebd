"""Structured output: natively where model and schema allow, else by a tool whose call is read back as the answer
(Anthropic API reference, Messages, `output_config.format`).
"""

from llm_plugin_anthropic.draft import MessagesDraft
from llm_plugin_anthropic.schema import closed
from llm_plugin_anthropic.write_tools import Item, object_schema
from lockgate_ports.answer_tool import ANSWER_TOOL, ANY_OBJECT, described
from lockgate_ports.chat import ResponseFormat


def native_format(form: ResponseFormat, draft: MessagesDraft) -> Item | None:
    """`output_config.format`, or None where a tool must stand for it."""
    if form.type != "json_schema" or form.schema is None:
        return None
    if draft.own:
        return {"type": "json_schema", "schema": form.schema}
    schema = closed(form.schema) if draft.model.formats else None
    return {"type": "json_schema", "schema": schema} if schema is not None else None


def answer_tool(form: ResponseFormat, draft: MessagesDraft) -> Item:
    """The tool that stands for the format. Raises Unsupported for a schema of anything but an object."""
    return {
        "name": ANSWER_TOOL,
        "description": described(form),
        "input_schema": object_schema(form.schema or ANY_OBJECT, "response_format.json_schema.schema", draft),
    }
