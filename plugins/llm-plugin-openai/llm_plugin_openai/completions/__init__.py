"""The dialect openai-completions."""
