"""What of a client's head goes on to a server of OpenAI's languages, and what of the server's comes back.

`openai-organization`, `openai-project` and `chatgpt-account-id` do not: they name whose key it is, and that is the
provider's own. Codex tells its session, turn and window, and asks for features, by fields of its own; in answers it
reads how much of a plan is used, and whether its list of models is of today.
"""

from lockgate_ports.travelling import Returning, Travelling

TRAVELLING = Travelling(
    (
        *("openai-beta", "originator", "version"),
        *("session_id", "session-id", "conversation_id", "conversation-id", "thread_id", "thread-id"),
    ),
    ("x-codex-", "x-openai-"),
)
RETURNING = Returning(
    ("x-models-etag", "x-reasoning-included", "x-should-retry", "retry-after-ms"),
    ("openai-", "x-openai-", "x-codex-", "x-ratelimit-"),
)
