"""The operations of layers: activations, convolutions, pooling, normalization, attention, recurrence."""
