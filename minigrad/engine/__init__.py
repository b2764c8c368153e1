"""The engine: what records operations and what walks back over them. It knows no op by name but addition.

modes.py        no_grad, enable_grad, inference_mode: is anything recorded?
graph.py        Node and Leaf; the clock that finds arrays changed in place
primitive.py    registering a forward with one gradient rule per argument; recording a call
elementwise.py  the same by a shorter road, for one and two operands
walk.py         the backward pass
inplace.py      `add_`, `+=`, item assignment, recorded
function.py     autograd.Function: a user's own op
explain.py      what to say when a forward fails
"""
