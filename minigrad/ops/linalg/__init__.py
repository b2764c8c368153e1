"""Products, einsum and decompositions of matrices."""
