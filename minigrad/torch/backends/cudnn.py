"""cuDNN's switches: it is not used, and every algorithm here is deterministic, whatever is set."""

enabled = False
benchmark = False
deterministic = True
allow_tf32 = False


def is_available() -> bool:
    """No."""
    return False


def version() -> int | None:
    """None."""
    return None
