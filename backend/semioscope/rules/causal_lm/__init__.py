"""Causal language models as transition rules, by torch and transformers."""

import os

# Read when torch is first imported, which happens below this package only. By default the threads
# of a forward pass spin while they wait for each other; where the browser, or anything else, wants
# one of the cores as well, a pass is then ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
