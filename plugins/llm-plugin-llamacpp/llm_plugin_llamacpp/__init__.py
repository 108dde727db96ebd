"""llama.cpp in process: a provider that needs no service and no key."""
