"""Semioscope: an observatory for semiotic physics."""

__version__ = "0.1.0"
