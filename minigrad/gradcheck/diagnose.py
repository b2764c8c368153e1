"""From the pattern of the errors to words."""


def diagnose(point, block):  # type: ignore
    return []
