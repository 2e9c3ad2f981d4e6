"""How a model of transformers is called: names that differ from one architecture to the next."""

import inspect
from typing import Any


def last_only(model: Any) -> dict[str, int]:
    """What to tell a model so that it makes no logits but the last token's, if it can be told."""
    return {"logits_to_keep": 1} if "logits_to_keep" in _parameters(model) else {}


def cache_name(model: Any) -> str:
    """Under which name a model takes and fills a cache of transformers, if it does."""
    return "cache_params" if "cache_params" in _parameters(model) else "past_key_values"


def takes_positions(model: Any) -> bool:
    """Whether a model can be told the positions of tokens; some forget to count what is cached."""
    return "position_ids" in _parameters(model)


def _parameters(model: Any) -> Any:
    return inspect.signature(model.forward).parameters
