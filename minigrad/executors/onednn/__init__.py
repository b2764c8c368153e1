"""Primitives of oneDNN, the library that does the same for PyTorch's products and convolutions on a CPU (float32).

It comes with the extra `fast`, or with the system; `library.py` finds it, `binding.py` calls it. Each shape is compiled
once, as a *plan*, and kept; a plan that cannot be had (`None`) leaves the arrays to the next executor.
"""
