"""Finding passages: encoders, FAISS, BM25, their fusion, and rerankers."""
