"""The header by which clients say on whose behalf they call."""

import pytest

from lockgate.surfaces.labels import LabelHeader
from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.errors import InvalidRequest


def test_a_header_is_read_where_settings_believe_it() -> None:
    headers = {"x-labels": "tenant=acme, Residency = eu,class=a b"}
    assert LabelHeader("X-Labels").read(headers, NOBODY) == Caller(
        tenant="acme", labels=(("residency", "eu"), ("class", "a b"))
    )
    assert LabelHeader("x-other").read(headers, NOBODY) is NOBODY
    assert LabelHeader(None).read(headers, NOBODY) is NOBODY


@pytest.mark.parametrize("text", ["eu", "a=", "=b", "a=b=c", "a=b;c=d", "a=b,", "a=1,A=2", "a b=c", "a=" + "x" * 300])
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        LabelHeader("x-labels").read({"x-labels": text}, NOBODY)
    assert caught.value.param == "x-labels"


def test_there_are_not_too_many() -> None:
    with pytest.raises(InvalidRequest):
        LabelHeader("x-labels").read({"x-labels": ",".join(f"l{n}=v" for n in range(33))}, NOBODY)


def test_what_a_key_says_of_its_caller_stands_against_the_header() -> None:
    keyed = Caller(tenant="acme", key_id="k", labels=(("residency", "eu"),), models=("m",))
    told = LabelHeader("x-labels").read({"x-labels": "tenant=other, residency=us, task=x"}, keyed)
    assert (told.tenant, told.key_id, told.models) == ("acme", "k", ("m",))
    assert dict(told.labels) == {"residency": "eu", "task": "x"}
