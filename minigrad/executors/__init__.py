"""How operations are done fast, one folder an executor: numpy (in blocks, by threads), numba, cupy."""
