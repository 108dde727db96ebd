"""Known answers of `jina-embeddings` and `jina-rerank`, for the contract kit."""

from lockgate_ports.testkit.list_samples import ranking_samples, vector_samples

JINA_EMBEDDINGS = vector_samples("jina-embeddings", size="dimensions")
JINA_RERANK = ranking_samples("jina-rerank", member="results", size="top_n")
