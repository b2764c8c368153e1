"""What a GPU runs in the place of chains of array functions, where it pays: one launch for several.

Each kernel has its twin, the same calculation by functions of arrays, which the CPU runs: tests hold one to the other.
"""
