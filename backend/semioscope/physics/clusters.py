"""Clusters of endings, found automatically, as outcomes that nobody had to name.

By texts (TF-IDF of words; Salton and Buckley 1988, doi 10.1016/0306-4573(88)90021-0) or by vectors
such as a model's hidden states; k-means (Lloyd 1982) with the number of clusters that has the
greatest mean silhouette (Rousseeuw 1987, doi 10.1016/0377-0427(87)90125-7) where none is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.errors import InvalidRequest
from semioscope.core.types import FloatArray
from semioscope.physics.table import Column, Table

MOST_CLUSTERS: Final = 8
_STARTS: Final = 4
_NAMED: Final = 3
_WORD: Final = r"(?u)\w+"


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Which cluster each ending is in, of: i64[n], the largest first; a name for each cluster; and
    the mean silhouette, −1 … 1: near 1 where they lie well apart, near 0 where they do not."""

    of: NDArray[np.int64]
    names: tuple[str, ...]
    silhouette: float

    def table(self) -> Table:
        """One row a cluster."""
        sizes = np.bincount(self.of, minlength=len(self.names))
        return Table(
            (
                Column("cluster", "", "estimate", np.arange(len(self.names)), "Its number."),
                Column("name", "", "estimate", np.array(self.names, object), "What tells it."),
                Column("size", "endings", "estimate", sizes, "How many endings are in it."),
            ),
            assumptions=(
                "A cluster is found in these endings alone; others would be divided otherwise.",
                f"Mean silhouette {self.silhouette:.2f} (1: well apart, 0: not).",
            ),
        )


def cluster_texts(texts: Sequence[str], count: int | None = None, seed: int = 0) -> Clusters:
    """Clusters of endings by the words that they have. Each is named by the words that tell it
    from the others. Raises as `cluster_vectors`, and "too-few-endings" for texts without words."""
    from sklearn.feature_extraction.text import (  # type: ignore[import-untyped]  # sklearn, too
        TfidfVectorizer,
    )

    words = TfidfVectorizer(token_pattern=_WORD, sublinear_tf=True)
    try:
        vectors = words.fit_transform(texts)
    except ValueError as refused:
        raise _too_few() from refused
    found = _clusters(vectors, count, seed)
    vocabulary = words.get_feature_names_out()
    mean = np.asarray(vectors.mean(axis=0)).ravel()
    names = []
    for cluster in range(len(found.names)):
        inside = np.asarray(vectors[found.of == cluster].mean(axis=0)).ravel()
        leading = np.argsort(mean - inside, kind="stable")[:_NAMED]
        names.append(" ".join(str(vocabulary[word]) for word in leading if inside[word] > 0))
    return Clusters(found.of, tuple(names), found.silhouette)


def cluster_vectors(vectors: FloatArray, count: int | None = None, seed: int = 0) -> Clusters:
    """Clusters of endings by vectors f64[n, d], one for each. The same every time for one seed.

    Raises InvalidRequest "too-few-endings" where fewer endings differ than there are to be
    clusters (2 at least), "bad-clusters" unless 2 ≤ count ≤ 8.
    """
    return _clusters(vectors, count, seed)


def _clusters(vectors: Any, count: int | None, seed: int) -> Clusters:
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]  # sklearn has no types
    from sklearn.metrics import (  # type: ignore[import-untyped]  # sklearn has no types
        silhouette_score,
    )

    if count is not None and not 2 <= count <= MOST_CLUSTERS:
        raise InvalidRequest("bad-clusters", f"There are from 2 to {MOST_CLUSTERS} clusters.")
    dense = vectors.toarray() if hasattr(vectors, "toarray") else np.asarray(vectors)
    different = len(np.unique(dense, axis=0))
    counts = [count] if count is not None else list(range(2, MOST_CLUSTERS + 1))
    counts = [each for each in counts if each <= different and each < len(dense)]
    if not counts:
        raise _too_few()
    best: tuple[float, NDArray[np.int64]] | None = None
    for each in counts:
        model = KMeans(each, n_init=_STARTS, random_state=seed)
        labels = model.fit_predict(vectors).astype(np.int64)
        score = float(silhouette_score(vectors, labels))
        if best is None or score > best[0]:
            best = score, labels
    assert best is not None  # noqa: S101 -- there is one count at least
    sizes = np.bincount(best[1])
    order = np.argsort(-sizes, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    names = tuple(f"cluster {number}" for number in range(1, 1 + len(sizes)))
    return Clusters(place[best[1]], names, best[0])


def _too_few() -> InvalidRequest:
    return InvalidRequest(
        "too-few-endings",
        "Too few of the endings differ to be put into clusters.",
        "Grow more trajectories to their end, or declare an outcome by its text.",
    )
