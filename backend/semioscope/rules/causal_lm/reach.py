"""How long a model's states may be, and up to where a tree mask says the same as its own."""

from typing import Any, Final

UNKNOWN_WINDOW: Final = 2048
"""For models that declare no window."""


def window_of(config: Any) -> int:
    """The greatest number of tokens that the model declares to read."""
    text = config.get_text_config(decoder=True)
    return int(getattr(text, "max_position_embeddings", None) or UNKNOWN_WINDOW)


def objection(config: Any) -> str | None:
    """What in a configuration speaks against the fast path before anything is tried.

    A cap on the logits is next to nothing where logits are small, so that a probe may miss it.
    """
    text = config.get_text_config(decoder=True)
    if set(getattr(text, "layer_types", None) or ()) - {"full_attention", "sliding_attention"}:
        return "its layers do not all attend to tokens"
    if getattr(text, "final_logit_softcapping", None):
        return "its logits are capped"
    return None


def reach_of(config: Any) -> int:
    """The longest state of which every token sees all earlier ones, by positions that do not
    depend on how long the state is.

    Beyond it a sliding window hides early tokens, or rotary frequencies are scaled by the length
    of the whole, which the probe on loading is too short to notice.
    """
    text = config.get_text_config(decoder=True)
    reach = window_of(config)
    layer_types = set(getattr(text, "layer_types", None) or ())
    if layer_types != {"full_attention"} and (window := getattr(text, "sliding_window", None)):
        reach = min(reach, int(window))
    rope = getattr(text, "rope_parameters", None) or {}
    if rope.get("rope_type") in ("dynamic", "longrope"):
        original = rope.get("original_max_position_embeddings") or window_of(config)
        reach = min(reach, int(original))
    return reach
