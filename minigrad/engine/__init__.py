"""The engine: Tensor, what records operations on it, and the backward pass. The few ops that it needs itself it finds
by name in the registry.

tensor.py       Tensor, views, Size
graph.py        Node, AccumulateGrad (a leaf), hooks
versions.py     arrays changed in place after a node kept them
modes.py        is anything recorded?
primitive.py    a definition with one gradient rule per argument, and what a node keeps
dispatch.py     calling an operation, recording the call
elementwise.py  the same, specialized for one and two operands
promotion.py    operands brought to one dtype
executions.py   how operations are done fast: the registry, and the choice
composite.py    operations that are defined by others, and executed as one
backward.py     the backward pass; slice_grad.py the gradient of a slice
gradients.py    backward() and grad()
inplace.py      `add_`, `+=`: changes in place, recorded
bfloat16.py     bfloat16, calculated in float32
messages.py     what to say when a forward fails
"""
