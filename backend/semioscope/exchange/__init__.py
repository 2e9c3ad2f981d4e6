"""Formats in and out: trees as other libraries know them."""
