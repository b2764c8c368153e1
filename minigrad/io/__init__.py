"""Files: tensors and states saved and loaded, snapshots of a whole training run."""
