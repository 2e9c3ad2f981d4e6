"""A chat turn, written as a model was taught to read it."""

from collections.abc import Mapping
from typing import Any

from semioscope.core.errors import InvalidRequest


def user_turn(template: str, special_tokens: Mapping[str, str], text: str) -> str:
    """The text as a user's turn in the template, up to where the model answers.

    Raises InvalidRequest "chat-template-failed" when the template cannot say it.
    """
    # Here and not above: most prompts need none of transformers, whose import takes time.
    from transformers.utils.chat_template_utils import render_jinja_template

    conversation = [{"role": "user", "content": text}]
    options: dict[str, Any] = {"chat_template": template, "add_generation_prompt": True}
    try:
        # It is declared to return a str, and returns (texts, places of what the model says).
        rendered: Any = render_jinja_template([conversation], **options | dict(special_tokens))
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InvalidRequest(
            "chat-template-failed", f"The model's chat template cannot say that: {reason}"
        ) from error
    return str(rendered[0][0])
