"""What makes the operations methods and operators of Tensor, and a Tensor a citizen of Python and NumPy: `attach.py`
says which functions become methods."""
