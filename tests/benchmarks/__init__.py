"""`python -m tests.benchmarks`: minigrad's time and memory beside eager PyTorch's (see docs/speed.md)."""

from tests.benchmarks import byhand, nets, parts
from tests.benchmarks.workload import WORKLOADS

__all__ = ["WORKLOADS", "byhand", "nets", "parts"]
