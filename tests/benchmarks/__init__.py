"""`python -m tests.benchmarks`: minigrad's time and memory beside eager PyTorch's (see docs/speed.md)."""

from tests.benchmarks import architectures, byhand, nets, parts
from tests.benchmarks.workload import WORKLOADS

__all__ = ["WORKLOADS", "architectures", "byhand", "nets", "parts"]
