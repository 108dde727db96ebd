"""The models known without asking: names and limits as Google's model pages state them."""

from lockgate_ports.cards import ModelCard

_MILLION = 1_048_576

GEMINI = (
    *(
        ModelCard(id=name, context_tokens=_MILLION, max_output_tokens=65_536)
        for name in (
            *("gemini-3.1-pro-preview", "gemini-3-pro-preview", "gemini-3-flash-preview"),
            *("gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"),
        )
    ),
    *(
        ModelCard(id=name, context_tokens=_MILLION, max_output_tokens=8_192)
        for name in ("gemini-2.0-flash", "gemini-2.0-flash-lite")
    ),
)
GOOGLE_EMBEDDINGS = (ModelCard(id="gemini-embedding-001", context_tokens=2_048),)
VERTEX_EMBEDDINGS = (*GOOGLE_EMBEDDINGS, ModelCard(id="text-embedding-005", context_tokens=2_048))
