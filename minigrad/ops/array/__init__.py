"""Making and rearranging arrays: creation, shapes, padding, diagonals, windows."""
