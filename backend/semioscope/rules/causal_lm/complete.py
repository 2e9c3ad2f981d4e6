"""Whether transformers has found every weight of a model: where one is not there it puts random
numbers in its place, and says so in passing."""

from typing import Any

from semioscope.core.errors import Unavailable


def must_be_complete(name: str, told: dict[str, Any]) -> None:
    """told: what transformers says of a loading. Raises Unavailable "incomplete-model"."""
    if absent := sorted(told.get("missing_keys") or ()):
        raise incomplete(f"{name} lacks {len(absent):,} of its weights, such as {absent[0]}.")
    for weight, is_so, should_be in sorted(told.get("mismatched_keys") or (), key=str):
        raise incomplete(
            f"A weight of {name}, {weight}, has the shape {tuple(is_so)}; its config.json asks for "
            f"{tuple(should_be)}."
        )


def incomplete(message: str) -> Unavailable:
    """The refusal of a model that is not all there."""
    return Unavailable("incomplete-model", message, "Get the model's files again.")
