"""A right plugin passes the whole contract."""

from llm_plugin_acme.contract import *  # noqa: F403  its class
