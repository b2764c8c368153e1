"""PyTorch's namespaces that surround the framework, by PyTorch's names: `minigrad.amp` is `minigrad.torch.amp`."""
