"""What a Lockgate plugin may import: values, port protocols, hooks, dialects and a contract kit."""
