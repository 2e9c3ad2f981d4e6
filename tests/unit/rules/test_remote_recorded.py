"""What a real llama-cpp-python server answered, read again without it (`make test-remote`)."""

import numpy as np
import pytest

from semioscope.core.distribution import Question
from semioscope.core.sampling import IDENTITY
from semioscope.rules.causal_lm.load import load_causal_lm
from semioscope.rules.causal_lm.sources import DEFAULT_SOURCE
from semioscope.rules.remote import load_engine
from semioscope.settings import EngineSettings, Settings
from tests.remote.tape import Replay
from tests.stub_engine import serving

PROMPTS = ("Once upon a time", "The capital of France is", "Two plus two is", "Dear diary, today")
NEAR = 0.5
"""Nats between that server's 4-bit arithmetic and float32 arithmetic here."""


@pytest.mark.model
async def test_a_real_servers_answers_are_read_as_the_default_models_own() -> None:
    tape = Replay()
    with serving(tape) as url:
        settings = EngineSettings(name="tape", url=url, tokenizer="smollm2", leading=20)
        rule, worker = load_engine("engine-tape", settings, Settings())
        states = [rule.encode(prompt) for prompt in PROMPTS]
        questions = [Question(state) for state in states]
        answers = await worker.ask(questions, IDENTITY, group="a")
        worker.close()
    assert tape.unknown == [], "the questions have changed: record the answers anew"
    assert not rule.engine.takes_ids
    assert rule.engine.is_before_temperature
    local = load_causal_lm(DEFAULT_SOURCE, Settings())
    for row in local.log_probs(states):
        told = answers[row.place].expansion
        if told.sure:  # else what leads shares its text with other tokens, and is not told
            assert told.keys[0] == row.log_probs.argmax()
        likely = told.log_probs > np.log(0.01)
        assert np.abs(told.log_probs - row.log_probs[told.keys])[likely].max() < NEAR
        assert 0.3 < told.told < 1
