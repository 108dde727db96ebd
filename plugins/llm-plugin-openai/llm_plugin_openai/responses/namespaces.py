"""Tools in a namespace, and calls of them: elsewhere a tool has one name, so both names are joined in it (OpenAI API
reference, Responses, the tool namespace and the item function_call).
"""

from typing import Any, cast

import msgspec
from msgspec import Raw

from llm_plugin_openai.responses.request_wire import TOOLS, WireTool
from lockgate_ports.carried import MEMBERS

Item = dict[str, Any]

_JOIN = "__ns__"
_DESCRIPTION = "tools.{}.description"


def joined(name: str, namespace: str | None) -> str:
    """The one name of a tool, whether it stands in a namespace or not."""
    return f"{namespace}{_JOIN}{name}" if namespace else name


def names_of(name: str) -> Item:
    """`name`, and `namespace` where it is in one."""
    namespace, mark, inner = name.rpartition(_JOIN)
    return {"name": inner, "namespace": namespace} if mark and namespace else {"name": name}


def tools_in(tool: WireTool, raw: Raw) -> list[tuple[WireTool, Raw]]:
    """The tools of a namespace, under their joined names, each as it came; any other tool alone."""
    if tool.type != "namespace" or tool.name is None:
        return [(tool, raw)]
    inner = MEMBERS.decode(raw).get("tools", Raw(b"[]"))
    found = TOOLS.decode(inner)
    return [(msgspec.structs.replace(each, name=joined(each.name or "", tool.name)), raw) for each in found]


def descriptions_of(tools: list[WireTool]) -> dict[str, Raw]:
    """What the namespaces say of themselves, which other languages have no place for."""
    return {
        _DESCRIPTION.format(tool.name): Raw(msgspec.json.encode(tool.description))
        for tool in tools
        if tool.type == "namespace" and tool.description
    }


def in_namespaces(items: list[Any], fields: Item) -> list[Any]:
    """Tools back in their namespaces, whose descriptions stand in `fields` until they are taken from there."""
    groups: dict[str, Item] = {}
    out: list[Any] = []
    for item in items:
        name: Any = cast(Item, item).get("name") if isinstance(item, dict) else None
        names = names_of(name) if name is not None else {}
        namespace = names.get("namespace")
        if namespace is None:
            out.append(item)
            continue
        if namespace not in groups:
            described = fields.pop(_DESCRIPTION.format(namespace), namespace)
            groups[namespace] = {"type": "namespace", "name": namespace, "description": described, "tools": []}
            out.append(groups[namespace])
        groups[namespace]["tools"].append(item | {"name": names["name"]})
    return out
