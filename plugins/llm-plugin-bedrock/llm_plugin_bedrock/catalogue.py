"""Models by the ids they have on Bedrock (Amazon Bedrock user guide, "Supported foundation models").

Some answer in a region only by the id of an inference profile (`us.`, `eu.`, `apac.`, `global.` before the id). Limits
stand here where the page of the model states them.
"""

from lockgate_ports.cards import ModelCard

CATALOGUE: tuple[ModelCard, ...] = (
    ModelCard(id="global.anthropic.claude-haiku-4-5-20251001-v1:0", context_tokens=200_000, max_output_tokens=64_000),
    ModelCard(id="global.anthropic.claude-sonnet-4-5-20250929-v1:0", context_tokens=200_000, max_output_tokens=64_000),
    ModelCard(id="us.anthropic.claude-haiku-4-5-20251001-v1:0", context_tokens=200_000, max_output_tokens=64_000),
    ModelCard(id="us.anthropic.claude-sonnet-4-5-20250929-v1:0", context_tokens=200_000, max_output_tokens=64_000),
    ModelCard(id="us.anthropic.claude-sonnet-4-6"),
    ModelCard(id="us.anthropic.claude-sonnet-5"),
    ModelCard(id="anthropic.claude-3-haiku-20240307-v1:0", context_tokens=200_000, max_output_tokens=4_096),
    ModelCard(id="us.amazon.nova-2-lite-v1:0"),
    ModelCard(id="amazon.nova-micro-v1:0", context_tokens=128_000),
    ModelCard(id="amazon.nova-lite-v1:0", context_tokens=300_000),
    ModelCard(id="amazon.nova-pro-v1:0", context_tokens=300_000),
    ModelCard(id="openai.gpt-oss-20b-1:0", context_tokens=128_000),
    ModelCard(id="openai.gpt-oss-120b-1:0", context_tokens=128_000),
    ModelCard(id="cohere.command-r-v1:0", context_tokens=128_000),
    ModelCard(id="cohere.command-r-plus-v1:0", context_tokens=128_000),
    ModelCard(id="amazon.titan-embed-text-v1", context_tokens=8_192),
    ModelCard(id="amazon.titan-embed-text-v2:0", context_tokens=8_192),
    ModelCard(id="amazon.titan-embed-image-v1"),
    ModelCard(id="cohere.embed-english-v3", context_tokens=512),
    ModelCard(id="cohere.embed-multilingual-v3", context_tokens=512),
    ModelCard(id="cohere.embed-v4:0", context_tokens=128_000),
)
