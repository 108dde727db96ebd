"""One calling surface for every LLM provider."""
