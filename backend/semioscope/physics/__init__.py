"""Instruments: each reads a tree, or drives a rule, and returns tables of numbers with units."""
