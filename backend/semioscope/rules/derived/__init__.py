"""Rules made of other rules: their workers ask the workers of those."""
