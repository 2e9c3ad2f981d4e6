"""What a model's configuration says of lengths: its window, and where its own arithmetic turns."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

UNKNOWN_WINDOW: Final = 2048
"""For models that declare no window."""
SHRUNK_WINDOW: Final = 10
"""Of sliding attention while a path is proved: short enough for a small probe to go beyond it."""

_SHRINKING: Final = ("sliding_window", "attention_chunk_size")
_UNKNOWN_WINDOWS: Final = (
    *("attention_chunk_size", "window_size", "attention_window", "local_attention"),
    *("sliding_window_size", "conv_window"),
)
"""Names under which configurations limit attention in ways that a tree mask does not repeat."""


def window_of(config: Any) -> int:
    """The greatest number of tokens that the model declares to read."""
    declared = int(getattr(_text(config), "max_position_embeddings", None) or 0)
    return declared if declared > 0 else UNKNOWN_WINDOW  # some say −1: as long as you like


def reach_of(config: Any) -> int:
    """The longest state whose tokens have positions that do not depend on how long it is.

    Beyond it rotary frequencies are scaled by the length of the whole, so that nothing that was
    read of a shorter prefix can be used again; the probe on loading is too short to notice.
    """
    rope = getattr(_text(config), "rope_parameters", None) or {}
    kinds = rope.values() if all(isinstance(kind, dict) for kind in rope.values()) else [rope]
    reach = window_of(config)
    for kind in kinds:
        if kind.get("rope_type") in ("dynamic", "longrope"):
            original = kind.get("original_max_position_embeddings") or window_of(config)
            reach = min(reach, int(original))
    return reach


def objection(config: Any) -> str | None:
    """What in a configuration speaks against a tree mask before anything is tried."""
    text = _text(config)
    kinds = set(getattr(text, "layer_types", None) or ())
    if kinds - {"full_attention", "sliding_attention", "chunked_attention"}:
        return "its layers do not all attend to tokens"
    if any(getattr(text, name, None) for name in _UNKNOWN_WINDOWS):
        return "its attention has a window of its own kind"
    return None


def sliding_window(config: Any) -> int | None:
    """How many tokens a sliding layer sees, itself among them; None if no layer slides."""
    text = _text(config)
    layer_types = set(getattr(text, "layer_types", None) or {"sliding_attention"})
    window = getattr(text, "sliding_window", None)
    return int(window) if window and "sliding_attention" in layer_types else None


def slides_by_layer(config: Any) -> bool:
    """Whether some layers slide and others do not, so that each kind takes its own mask."""
    return bool(getattr(_text(config), "layer_types", None))


@contextmanager
def shrunk_windows(config: Any) -> Iterator[None]:
    """Meanwhile windows are short, for the model and for every path that obeys them."""
    text = _text(config)
    before = {name: getattr(text, name, None) for name in _SHRINKING}
    for name, window in before.items():
        if window and window > SHRUNK_WINDOW:
            setattr(text, name, SHRUNK_WINDOW)
    try:
        yield
    finally:
        for name, window in before.items():
            if window:
                setattr(text, name, window)


def _text(config: Any) -> Any:
    return config.get_text_config(decoder=True)
