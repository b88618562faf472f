"""What the machinery's own fault breaks."""


def add(one: int, other: int) -> int:
    """The sum."""
    return one + other
