"""The domain: routing, steps, attempts, stream rules. Pure."""
