"""The dialect openai-responses."""
