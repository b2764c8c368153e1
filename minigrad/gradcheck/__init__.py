"""Numerical against analytic gradients: `numerical_gradient`, and the checkers `gradcheck` and `gradgradcheck`."""

from minigrad.gradcheck.check import gradcheck, gradgradcheck
from minigrad.gradcheck.numeric import numerical_gradient
from minigrad.gradcheck.report import GradcheckError, Report

__all__ = ["GradcheckError", "Report", "gradcheck", "gradgradcheck", "numerical_gradient"]
