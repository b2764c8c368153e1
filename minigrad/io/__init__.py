"""Saving and loading: tensors and state dicts in safetensors files, snapshots of a training run."""
