"""The instruments: pure functions that measure a tree, a chain or a bundle of trajectories.

Each returns a table of numbers that have a unit and a label, and names what it assumes
(SCIENCE.md). They import the core, numpy, and, where they are used, scipy, scikit-learn and re2.
"""
