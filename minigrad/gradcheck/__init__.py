"""Numerical against analytic gradients: `numerical_gradient`, and the checkers `gradcheck` and `gradgradcheck`.

How a check goes, one concept a file: `probe` sees the function as a map between float64 vectors; `laws` tests what
needs no tolerance; `point` and `slopes` measure slopes with error bars along random directions; where they differ,
`jacobian` and `compare` judge element by element (`kinks`), and `diagnose` puts the pattern in words. `sampling` and
`masks` choose where to look besides the inputs given. `bugs` and `prove` hold the proof that it works.
"""

from minigrad.gradcheck.check import gradcheck, gradgradcheck
from minigrad.gradcheck.numeric import numerical_gradient
from minigrad.gradcheck.report import GradcheckError, Report
from minigrad.gradcheck.teach import ErrorCurve, error_curve

__all__ = [
    "ErrorCurve", "GradcheckError", "Report", "error_curve", "gradcheck", "gradgradcheck", "numerical_gradient",
]  # fmt: skip
