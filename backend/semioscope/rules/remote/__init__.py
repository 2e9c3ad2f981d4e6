"""Remote inference engines behind the OpenAI-compatible completions API: vLLM, SGLang, llama.cpp's
server and others, as transition rules that tell the leading part of every distribution."""

from semioscope.rules.remote.load import load_engine
from semioscope.rules.remote.rule import RemoteRule
from semioscope.rules.remote.worker import RemoteWorker

__all__ = ["RemoteRule", "RemoteWorker", "load_engine"]
