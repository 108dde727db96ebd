"""Acme, with a dependency imported before anybody needs it."""

import yaml  # noqa: F401
from llm_plugin_acme import register_models  # noqa: F401
