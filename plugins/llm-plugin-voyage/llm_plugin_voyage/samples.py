"""Known answers of `voyage-embeddings` and `voyage-rerank`, for the contract kit."""

from lockgate_ports.testkit.list_samples import ranking_samples, vector_samples

VOYAGE_EMBEDDINGS = vector_samples("voyage-embeddings", size="output_dimension")
VOYAGE_RERANK = ranking_samples("voyage-rerank", member="data", size="top_k")
