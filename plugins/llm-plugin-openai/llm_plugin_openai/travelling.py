"""What of a client's head goes on to a server of OpenAI's languages.

`openai-organization`, `openai-project` and `chatgpt-account-id` do not: they name whose key it is, and that is the
provider's own. Codex tells its session, turn and window, and asks for features, by fields of its own.
"""

from lockgate_ports.travelling import Travelling

TRAVELLING = Travelling(
    (
        *("openai-beta", "originator", "version"),
        *("session_id", "session-id", "conversation_id", "conversation-id", "thread_id", "thread-id"),
    ),
    ("x-codex-", "x-openai-"),
)
