"""Usage as providers tell it, and what it comes to, worked out by hand above each."""

from collections.abc import Sequence
from decimal import Decimal

import wires

from lockgate_ports.cards import Price, Rates, Tier

SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed"}


def rates(**usd: str) -> Rates:
    return Rates(**{name: Decimal(rate) for name, rate in usd.items()})


def price(tiers: Sequence[Tier] = (), service_tiers: dict[str, Rates] | None = None, **usd: str) -> Price:
    return Price(
        rates=rates(**usd), tiers=tuple(tiers), service_tiers=service_tiers or {}, source="settings", as_of="2026-11-20"
    )


# US dollars for a million tokens: then tokens times rate are millionths of a dollar.
GPT = price(
    input="2.50",
    cache_read="1.25",
    output="10",
    input_audio="40",
    output_audio="80",
    server_tool_request="0.01",
    service_tiers={
        "flex": rates(input="1.25", cache_read="0.625", output="5"),
        "priority": rates(input="4.25", cache_read="2.125", output="17"),
    },
)
CLAUDE = price(
    input="3",
    output="15",
    cache_read="0.30",
    cache_write="3.75",
    cache_write_1h="6",
    server_tool_request="0.01",
    tiers=[
        Tier(
            above_input_tokens=200_000,
            rates=rates(input="6", output="22.50", cache_read="0.60", cache_write="7.50", cache_write_1h="12"),
        )
    ],
    service_tiers={"batch": rates(input="1.50", output="7.50"), "priority": rates(input="4", output="20")},
)
FLASH = price(
    input="0.30",
    output="2.50",
    cache_read="0.03",
    input_audio="1.00",
    output_image="30",
    service_tiers={"flex": rates(input="0.15", output="1.25")},
)
PRO = price(input="1.25", output="10", tiers=[Tier(above_input_tokens=200_000, rates=rates(input="2.50", output="15"))])
DEEPSEEK = price(input="0.28", cache_read="0.028", output="0.42")
GROK = price(input="3", output="15")
LLAMA = price(input="0.59", output="0.79")
COMMAND = price(input="2.50", output="10")
LOCAL = price(input="0", output="0")
NO_PRICE = None

AUDIO = {
    "prompt_tokens": 120,
    "completion_tokens": 300,
    "prompt_tokens_details": {"audio_tokens": 100},
    "completion_tokens_details": {"audio_tokens": 250},
}
TOOLS = {"prompt_tokens": 100, "completion_tokens": 50}
THROUGH = {
    "prompt_tokens": 60,
    "completion_tokens": 4,
    "cache_creation_input_tokens": 20,
    "cache_read_input_tokens": 30,
    "cache_creation": {"ephemeral_1h_input_tokens": 5},
}

INVOICES: dict[str, tuple[str, wires.Wire, Price | None, str]] = {
    # 1000 * 2.50 + 200 * 10 = 2500 + 2000
    "chat": ("openai", wires.chat({"prompt_tokens": 1000, "completion_tokens": 200}), GPT, "0.0045"),
    # (2006 - 1920) * 2.50 + 1920 * 1.25 + 300 * 10 = 215 + 2400 + 3000
    "chat, cached": (
        "openai",
        wires.chat({"prompt_tokens": 2006, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 1920}}),
        GPT,
        "0.005615",
    ),
    # the reasoning is in the completion: 75 * 2.50 + 1186 * 10 = 187.5 + 11860
    "chat, reasoning": (
        "openai",
        wires.chat(
            {
                "prompt_tokens": 75,
                "completion_tokens": 1186,
                "completion_tokens_details": {"reasoning_tokens": 1024},
            }
        ),
        GPT,
        "0.0120475",
    ),
    # 20 * 2.50 + 100 * 40 + 50 * 10 + 250 * 80 = 50 + 4000 + 500 + 20000
    "chat, audio both ways": ("openai", wires.chat(AUDIO), GPT, "0.02455"),
    # rejected predictions are in the completion: 100 * 2.50 + 50 * 10 = 250 + 500
    "chat, predicted": (
        "openai",
        wires.chat(
            TOOLS | {"completion_tokens_details": {"accepted_prediction_tokens": 10, "rejected_prediction_tokens": 30}}
        ),
        GPT,
        "0.00075",
    ),
    # 1000 * 1.25 + 200 * 5 = 1250 + 1000
    "chat, flex": (
        "openai",
        wires.chat({"prompt_tokens": 1000, "completion_tokens": 200}, service_tier="flex"),
        GPT,
        "0.00225",
    ),
    # 600 * 4.25 + 400 * 2.125 + 100 * 17 = 2550 + 850 + 1700
    "chat, priority and cached": (
        "openai",
        wires.chat(
            {"prompt_tokens": 1000, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 400}},
            service_tier="priority",
        ),
        GPT,
        "0.0051",
    ),
    # as without: 2500 + 2000
    "chat, default tier": (
        "openai",
        wires.chat({"prompt_tokens": 1000, "completion_tokens": 200}, service_tier="default"),
        GPT,
        "0.0045",
    ),
    # 36 * 0.28 + 64 * 0.028 + 20 * 0.42 = 10.08 + 1.792 + 8.4
    "DeepSeek's hits and misses": (
        "openai-compatible",
        wires.chat(
            {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "prompt_cache_hit_tokens": 64,
                "prompt_cache_miss_tokens": 36,
            }
        ),
        DEEPSEEK,
        "0.000020272",
    ),
    # 10 * 3 + (5 + 100) * 15 = 30 + 1575
    "xAI's reasoning beside the completion": (
        "openai-compatible",
        wires.chat(
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 115,
                "completion_tokens_details": {"reasoning_tokens": 100},
            }
        ),
        GROK,
        "0.001605",
    ),
    # 37,756,000 ten-thousand-millionths
    "xAI's ticks": (
        "openai-compatible",
        wires.chat({"prompt_tokens": 10, "completion_tokens": 5, "cost_in_usd_ticks": 37756000}),
        GROK,
        "0.0037756",
    ),
    # as reported
    "OpenRouter's cost": (
        "openai-compatible",
        wires.chat({"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.00014, "is_byok": False}),
        NO_PRICE,
        "0.00014",
    ),
    # its fee, and what the provider charges the caller: 0.00001 + 0.0002
    "OpenRouter with a key of one's own": (
        "openai-compatible",
        wires.chat(
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "cost": 0.00001,
                "is_byok": True,
                "cost_details": {"upstream_inference_cost": 0.0002},
            }
        ),
        NO_PRICE,
        "0.00021",
    ),
    # as reported, the search included
    "Perplexity's total": (
        "openai-compatible",
        wires.chat({"prompt_tokens": 10, "completion_tokens": 5, "cost": {"request_cost": 0.005, "total_cost": 0.006}}),
        GROK,
        "0.006",
    ),
    # 50 * 0.59 + 20 * 0.79 = 29.5 + 15.8
    "Groq's": (
        "openai-compatible",
        wires.groq({"prompt_tokens": 50, "completion_tokens": 20, "queue_time": 0.1}),
        LLAMA,
        "0.0000453",
    ),
    # 10 * 0.30 + 10 * 2.50 + 1290 * 30 = 3 + 25 + 38700
    "a picture in a chat": (
        "openai-compatible",
        wires.chat(
            {"prompt_tokens": 10, "completion_tokens": 1300, "completion_tokens_details": {"image_tokens": 1290}}
        ),
        FLASH,
        "0.038728",
    ),
    # 10 * 3 + 30 * 0.30 + 15 * 3.75 + 5 * 6 + 4 * 15 = 30 + 9 + 56.25 + 30 + 60
    "Claude through a gateway": ("openai-compatible", wires.chat(THROUGH), CLAUDE, "0.00018525"),
    # 5 * 2.50 + 3 * 10 = 12.5 + 30
    "counts with a fraction": (
        "openai-compatible",
        wires.chat({"prompt_tokens": 5.0, "completion_tokens": "3"}),
        GPT,
        "0.0000425",
    ),
    # 200 * 2.50 + 128 * 1.25 + 52 * 10 = 500 + 160 + 520
    "responses, cached and reasoning": (
        "openai",
        wires.responses(
            {
                "input_tokens": 328,
                "input_tokens_details": {"cached_tokens": 128},
                "output_tokens": 52,
                "output_tokens_details": {"reasoning_tokens": 32},
                "total_tokens": 380,
            }
        ),
        GPT,
        "0.00118",
    ),
    # 100 * 1.25 + 20 * 5 = 125 + 100
    "responses, flex": (
        "openai",
        wires.responses({"input_tokens": 100, "output_tokens": 20}, service_tier="flex"),
        GPT,
        "0.000225",
    ),
    # 100 * 2.50 + 20 * 10, and two searches: 250 + 200 + 20000
    "responses, two searches": (
        "openai",
        wires.responses({"input_tokens": 100, "output_tokens": 20}, SEARCH, SEARCH),
        GPT,
        "0.02045",
    ),
    # 10 * 3 + 25 * 15 = 30 + 375
    "messages": ("anthropic", wires.messages({"input_tokens": 10, "output_tokens": 25}), CLAUDE, "0.000405"),
    # 21 * 3 + 188086 * 0.30 + 393 * 15 = 63 + 56425.8 + 5895
    "messages, read from the cache": (
        "anthropic",
        wires.messages(
            {
                "input_tokens": 21,
                "cache_read_input_tokens": 188086,
                "cache_creation_input_tokens": 0,
                "output_tokens": 393,
            }
        ),
        CLAUDE,
        "0.0623838",
    ),
    # 50 * 3 + 248 * 3.75 + 1000 * 6 + 100 * 15 = 150 + 930 + 6000 + 1500
    "messages, written to both caches": (
        "anthropic",
        wires.messages(
            {
                "input_tokens": 50,
                "cache_creation_input_tokens": 1248,
                "cache_creation": {"ephemeral_5m_input_tokens": 248, "ephemeral_1h_input_tokens": 1000},
                "output_tokens": 100,
            }
        ),
        CLAUDE,
        "0.00858",
    ),
    # thinking is in the output: 30 * 3 + 900 * 15 = 90 + 13500
    "messages, thinking": (
        "anthropic",
        wires.messages({"input_tokens": 30, "output_tokens": 900, "output_tokens_details": {"thinking_tokens": 700}}),
        CLAUDE,
        "0.01359",
    ),
    # 105 * 3 + 6 * 15, and three searches: 315 + 90 + 30000
    "messages, three searches": (
        "anthropic",
        wires.messages({"input_tokens": 105, "output_tokens": 6, "server_tool_use": {"web_search_requests": 3}}),
        CLAUDE,
        "0.030405",
    ),
    # 250000 in all are beyond the tier: 1000 * 6 + 249000 * 0.60 + 10 * 22.50 = 6000 + 149400 + 225
    "messages, long": (
        "anthropic",
        wires.messages({"input_tokens": 1000, "cache_read_input_tokens": 249000, "output_tokens": 10}),
        CLAUDE,
        "0.155625",
    ),
    # 200000 are not beyond it: 200000 * 3 + 1 * 15
    "messages, not quite long": (
        "anthropic",
        wires.messages({"input_tokens": 200000, "output_tokens": 1}),
        CLAUDE,
        "0.600015",
    ),
    # 1000 * 1.50 + 100 * 7.50 = 1500 + 750
    "messages, batch": (
        "anthropic",
        wires.messages({"input_tokens": 1000, "output_tokens": 100, "service_tier": "batch"}),
        CLAUDE,
        "0.00225",
    ),
    # 8 * 0.30 + 20 * 2.50 = 2.4 + 50
    "gemini": (
        "google",
        wires.gemini({"promptTokenCount": 8, "candidatesTokenCount": 20, "totalTokenCount": 28}),
        FLASH,
        "0.0000524",
    ),
    # thoughts stand beside the candidates: 100 * 0.30 + 210 * 2.50 = 30 + 525
    "gemini, thoughts": (
        "google",
        wires.gemini({"promptTokenCount": 100, "candidatesTokenCount": 10, "thoughtsTokenCount": 200}),
        FLASH,
        "0.000555",
    ),
    # 200 * 0.30 + 800 * 0.03 + 10 * 2.50 = 60 + 24 + 25
    "gemini, cached": (
        "google",
        wires.gemini({"promptTokenCount": 1000, "cachedContentTokenCount": 800, "candidatesTokenCount": 10}),
        FLASH,
        "0.000109",
    ),
    # what its own tools read is beside the prompt: (10 + 90) * 0.30 + (5 + 5) * 2.50 = 30 + 25
    "gemini, its own tools": (
        "google",
        wires.gemini(
            {
                "promptTokenCount": 10,
                "toolUsePromptTokenCount": 90,
                "candidatesTokenCount": 5,
                "thoughtsTokenCount": 5,
            }
        ),
        FLASH,
        "0.000055",
    ),
    # 10 * 0.30 + 100 * 1.00 + 10 * 2.50 = 3 + 100 + 25
    "gemini, audio": (
        "google",
        wires.gemini(
            {
                "promptTokenCount": 110,
                "promptTokensDetails": [
                    {"modality": "TEXT", "tokenCount": 10},
                    {"modality": "AUDIO", "tokenCount": 100},
                ],
                "candidatesTokenCount": 10,
            }
        ),
        FLASH,
        "0.000128",
    ),
    # 10 * 0.30 + 1290 * 30 = 3 + 38700
    "gemini, a picture": (
        "google",
        wires.gemini(
            {
                "promptTokenCount": 10,
                "candidatesTokenCount": 1290,
                "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
            }
        ),
        FLASH,
        "0.038703",
    ),
    # one token beyond the tier: 200001 * 2.50 + 2 * 15 = 500002.5 + 30
    "gemini, long": (
        "google",
        wires.gemini({"promptTokenCount": 200001, "candidatesTokenCount": 2}),
        PRO,
        "0.5000325",
    ),
    # 100 * 0.15 + 10 * 1.25 = 15 + 12.5
    "gemini, flex": (
        "google",
        wires.gemini({"promptTokenCount": 100, "candidatesTokenCount": 10, "serviceTier": "FLEX"}),
        FLASH,
        "0.0000275",
    ),
    # 30 * 3 + 628 * 15 = 90 + 9420
    "converse": (
        "bedrock",
        wires.converse({"inputTokens": 30, "outputTokens": 628, "totalTokens": 658}),
        CLAUDE,
        "0.00951",
    ),
    # 10 * 3 + 100 * 0.30 + 20 * 3.75 + 30 * 6 + 5 * 15 = 30 + 30 + 75 + 180 + 75
    "converse, cached": (
        "bedrock",
        wires.converse(
            {
                "inputTokens": 10,
                "outputTokens": 5,
                "totalTokens": 165,
                "cacheReadInputTokens": 100,
                "cacheWriteInputTokens": 50,
                "cacheDetails": [{"ttl": "5m", "inputTokens": 20}, {"ttl": "1h", "inputTokens": 30}],
            }
        ),
        CLAUDE,
        "0.00039",
    ),
    # 30 * 4 + 10 * 20 = 120 + 200
    "converse, priority": (
        "bedrock",
        wires.converse({"inputTokens": 30, "outputTokens": 10, "totalTokens": 40}, serviceTier={"type": "priority"}),
        CLAUDE,
        "0.00032",
    ),
    # what is billed is not all that the model reads: 5 * 2.50 + 9 * 10 = 12.5 + 90
    "Cohere's billed units": (
        "cohere",
        wires.cohere(
            {
                "billed_units": {"input_tokens": 5, "output_tokens": 9},
                "tokens": {"input_tokens": 71.0, "output_tokens": 12.0},
            }
        ),
        COMMAND,
        "0.0001025",
    ),
    # a machine of one's own costs nothing where settings say so
    "Ollama's counts": ("ollama", wires.ollama({"prompt_eval_count": 26, "eval_count": 298}), LOCAL, "0"),
}
