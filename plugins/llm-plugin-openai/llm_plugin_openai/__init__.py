"""The openai-chat dialect, and the kinds openai and openai-compatible for Lockgate."""
