"""What becomes of tools that another provider runs itself."""

import pytest
from msgspec import Raw

from lockgate_ports.chat import FunctionTool, NativeTool, Tool
from lockgate_ports.dialect import Params, Upstream
from lockgate_ports.draft import Draft
from lockgate_ports.http import Origin

RUN, SEARCH = FunctionTool("run"), NativeTool("theirs", "web_search", Raw(b"{}"))


def draft(params: Params = "drop") -> Draft:
    return Draft(Upstream(provider_id="a", origin=Origin("https", "a.test", 443), prefix="", model="m", params=params))


def test_beside_others_they_are_left_out_and_named():
    mine = draft()
    assert mine.offered((SEARCH, RUN), "ours") == [(1, RUN)]
    assert mine.dropped == ("tools[0]",)


@pytest.mark.parametrize(
    ("tools", "own", "params"),
    [((SEARCH,), "ours", "drop"), ((SEARCH, RUN), "theirs", "drop"), ((SEARCH, RUN), "ours", "strict")],
)
def test_alone_at_home_or_where_settings_are_strict_they_stay(tools: tuple[Tool, ...], own: str, params: Params):
    mine = draft(params)
    assert mine.offered(tools, own) == list(enumerate(tools))
    assert mine.dropped == ()
