"""The contract that `pytest --lockgate-contract` runs anywhere."""

from llm_plugin_llamacpp.contract import *  # noqa: F403  its classes
