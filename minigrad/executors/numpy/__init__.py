"""Array functions of NumPy, in blocks that stay in the cache, by all threads."""
