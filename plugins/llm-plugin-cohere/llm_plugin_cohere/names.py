"""What the dialects are called, and how a plan is told from a thought."""

CHAT = "cohere-chat"
EMBEDDINGS = "cohere-embeddings"
RERANK = "cohere-rerank"

PLAN = "tool_plan"
"""The `id` of a Thinking part that came as `tool_plan`: so it goes back to the place it came from."""
