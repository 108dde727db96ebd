"""A good file, spoilt in every place and way: each time it is refused, with the right line."""

from collections.abc import Callable, Iterator

import pytest
import yaml

from lockgate.settings import Fault, Settings

GOOD = """\
version: 1
server:
  host: 127.0.0.1
  port: 8080
  max_body_bytes: 1000
  header_timeout: 15
  body_timeout: 15.5
  drain_timeout: 30
  client_credential_refs:
    - env:LOCKGATE_CLIENT_KEY
plugins:
  allow:
    - llm-plugin-openai
secrets:
  vault:
    address: https://vault
egress:
  kind: allow-list
  allow:
    - "*.example.com"
metrics:
  kind: prometheus
steps:
  - kind: trim
    limit: 3
  - kind: trim
    limit: 4
retry:
  max_attempts: 3
  base_delay: 0.25
  max_delay: 8
  max_retry_after: 5
priority:
  default: low
  most: high
  aging: 5
timeouts:
  connect: 5
  attempt: 120
  first_token: 60
  idle: 60
  total: 600
providers:
  openai:
    kind: openai
    credential_ref: env:OPENAI_API_KEY
  local:
    kind: openai-compatible
    base_url: http://127.0.0.1:8000/v1
    params: strict
    slots: 3
    ratio: 0.5
    verbose: true
    credential_ref: file:/run/secrets/x#y
    private_addresses:
      - 127.0.0.0/8
      - 10.0.0.0/8
    headers:
      x-team: blue
    timeouts:
      idle: 5
    retry:
      max_attempts: 2
    concurrency:
      fixed: 8
      max_queued: 4
      queue_timeout: 5
    model_concurrency:
      s:
        adaptive:
          start: 5
          min: 2
          max: 9
          tolerance: 2
    model_retry:
      s:
        base_delay: 1
    status: active
routes:
  fast:
    strategy: weighted
    targets:
      - target: openai/gpt-5-mini
        weight: 3
        status: draining
      - local/meta/llama-3
    fallbacks:
      any:
        - small
      context_length:
        - local/large
  small:
    strategy: fastest
    match:
      size: < 8B
    targets:
      - local/s
    fallbacks:
      - code
  code:
    match:
      tasks:
        - code
  gpt:
    match:
      pattern: gpt-.*
    targets:
      - openai/{model}
  rest:
    match:
      any: true
    targets:
      - local/rest
profiles:
  night:
    model: fast
    priority: low
    timeouts:
      connect: 1
    retry:
      max_delay: 3
    stream:
      policy: restart
environments:
  dev:
    server:
      port: 8081
    providers:
      local:
        slots: 4
  prod:
    retry:
      max_attempts: 2
"""
NAMED_BY_USERS = {
    ("secrets",),
    ("providers",),
    ("providers", "local", "headers"),
    ("routes",),
    ("profiles",),
    ("providers", "local", "model_concurrency"),
    ("providers", "local", "model_retry"),
    ("environments",),
    ("environments", "dev", "providers"),
}
"""Where keys are names that the user gives, so that any other would do."""

Mutation = tuple[str, str, int]
Place = tuple[tuple[str, ...], yaml.Node, yaml.Node | None]


def places(node: yaml.Node, path: tuple[str, ...] = ()) -> Iterator[Place]:
    """Each key with its value, and each scalar in a list."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), value, key
            yield from places(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            if isinstance(item, yaml.ScalarNode):
                yield (*path, str(index)), item, None
            yield from places(item, (*path, str(index)))


def spliced(start: int, end: int, text: str) -> str:
    return GOOD[:start] + text + GOOD[end:]


def mutations() -> Iterator[Mutation]:
    """The spoilt text, the code of the fault, and its line."""
    root = yaml.compose(GOOD, Loader=yaml.SafeLoader)
    assert root is not None
    for path, value, key in places(root):
        if key is not None:
            start, end = key.start_mark, key.end_mark
            if path[:-1] not in NAMED_BY_USERS:
                yield spliced(end.index, end.index, "x"), "unknown-key", start.line + 1
            after = value.end_mark.line + isinstance(value, yaml.ScalarNode)
            lines = GOOD.splitlines(keepends=True)
            lines.insert(after, " " * start.column + f"{key.value}: null\n")
            yield "".join(lines), "duplicate-key", after + 1
        if isinstance(value, yaml.ScalarNode):
            wrong = "12" if value.tag.endswith(":str") else "wrong"
            yield spliced(value.start_mark.index, value.end_mark.index, wrong), "wrong-type", value.start_mark.line + 1


MUTATIONS = list(mutations())


def test_the_file_is_good_before_it_is_spoilt(load: Callable[..., Settings]) -> None:
    assert load(GOOD)
    assert load(GOOD, "dev").server.port == 8081


def test_there_are_more_than_a_hundred_ways_to_spoil_it() -> None:
    assert len(MUTATIONS) > 150
    assert {code for _, code, _ in MUTATIONS} == {"unknown-key", "duplicate-key", "wrong-type"}


@pytest.mark.parametrize(("text", "code", "line"), MUTATIONS, ids=[f"{code}-{line}" for _, code, line in MUTATIONS])
def test_a_spoilt_file_is_refused_at_the_right_line(
    faults: Callable[..., tuple[Fault, ...]], text: str, code: str, line: int
) -> None:
    assert (code, line) in [(fault.code, fault.line) for fault in faults(text)]
