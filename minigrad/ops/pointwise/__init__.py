"""Element by element: arithmetic, trigonometric and special functions, comparisons, casts."""
