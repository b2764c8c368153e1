"""Numerical against analytic gradients: `numerical_gradient`, and the checkers `gradcheck` and `gradgradcheck`.

How a check goes, one concept a file: `probe` sees the function as a map between float64 vectors; `properties`
tests what needs no tolerance; `point` and `derivative` measure directional derivatives with error bars; where they
differ from the analytic ones, `jacobian` and `compare` judge element by element (`kinks`), and `diagnose` puts the
pattern in words. `sampling` and `masks` choose more inputs to look at. That it works is measured on mutants:
`minigrad.testing.mutation_score`.
"""

from minigrad.gradcheck.check import gradcheck, gradgradcheck
from minigrad.gradcheck.error_curve import ErrorCurve, error_curve
from minigrad.gradcheck.numeric import numerical_gradient
from minigrad.gradcheck.report import GradcheckError, Report

__all__ = [
    "ErrorCurve", "GradcheckError", "Report", "error_curve", "gradcheck", "gradgradcheck", "numerical_gradient",
]  # fmt: skip
