"""Driven side: what the engine reaches the world by."""
