"""The tree and the theory, in pure Python and numpy."""

import os

# Read when numpy is first imported. By default numpy asks for huge pages, and where memory is in
# pieces the kernel makes room for each of them while the program waits: reading a tree of a million
# states took three times as long.
os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
