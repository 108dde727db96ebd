"""The dialect openai-embeddings."""
