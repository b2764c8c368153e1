"""The proof on a GPU, `python -m tests.gpu`: what CI can only pretend is done on the device itself, and reported.

place.py     the device: the real one, or the stand-in; times, waits and launches on it
report.py    what was found, kept after each part: one JSON, and one page of Markdown
suite.py     the test-suite's GPU tests on the device
lockstep.py  every operation and layer on both devices: values and gradients, by dtype
speed.py     training steps beside eager PyTorch's, and what single calls cost
memory.py    a thousand steps, and asking for more than there is
counts.py    waits and launches of a training step
sparsity.py  the structured-sparsity example's row for the GPU
"""
