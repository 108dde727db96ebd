"""How a target is written."""


def split_target(target: str) -> tuple[str, str]:
    """`openai/gpt-5.4-mini` -> provider_id and model. Raises ValueError when it has no provider_id or no model."""
    provider_id, slash, model = target.partition("/")
    if not (provider_id and slash and model):
        raise ValueError("a target is written provider_id/model")
    return provider_id, model
