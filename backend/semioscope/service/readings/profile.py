"""The trajectory profile, to be looked at."""

import math
from typing import Final

from semioscope.core.tree import Tree
from semioscope.core.types import NodeId
from semioscope.physics.intervals import CONFIDENCE
from semioscope.physics.profile import profile
from semioscope.physics.reading import About, Figure, Mark, Reading
from semioscope.physics.table import Column, Table

ABOUT: Final = About(
    instrument="profile",
    name="Trajectory profile",
    says=(
        "Each step of the trajectory that leads to the selected state: how surprising its token "
        "was, and how undecided the state was that it was chosen at.",
        "Text that is sampled from a distribution is on average as surprising as that is "
        "undecided, so its gap comes to lie near zero and within the band.",
        "A gap that stays below the band is text that is more probable than typical, as greedy "
        "text is; one above it was put there by somebody, or drawn from something else.",
    ),
    formula=(
        r"G_n = -\tfrac{1}{n}\log_2 q(x_1 \dots x_n) - \tfrac{1}{n}\sum_{i<n} H(s_i)"
        r"\;\xrightarrow{n\to\infty}\; 0"
    ),
    source="Equipartition: arXiv 2405.13798. Typical sampling: arXiv 2202.00666.",
)


def read_profile(tree: Tree, node: NodeId, fingerprint: str) -> Reading:
    """Raises InvalidRequest "no-steps" at the initial state."""
    found = profile(tree, node, fingerprint)
    table = _with_band_ends(found)
    return Reading(
        about=ABOUT,
        summary=_summary(found),
        tables={"steps": table},
        figures=(
            Figure(
                title="Surprisal and entropy",
                table="steps",
                x="step",
                x_title="step",
                y_title="bits",
                marks=(
                    Mark("line", "entropy", "entropy of the state before", tone="other"),
                    Mark("line", "surprisal", "surprisal of the token", tone="main"),
                    Mark("dots", "surprisal", "each token", tone="main"),
                ),
                from_zero=True,
            ),
            Figure(
                title="Equipartition gap",
                table="steps",
                x="step",
                x_title="step",
                y_title="bits a step",
                marks=(
                    Mark("line", "gap", "gap", tone="main"),
                    Mark("band", "band_low", f"band of sampled text, {CONFIDENCE:.0%}",
                         y2="band_high", tone="other"),
                ),
                from_zero=True,
            ),
            Figure(
                title="Cumulative log-probability",
                table="steps",
                x="step",
                x_title="step",
                y_title="nats",
                marks=(Mark("line", "log_prob", "log-probability of the trajectory"),),
            ),
            Figure(
                title="Rank of each token",
                table="steps",
                x="step",
                x_title="step",
                y_title="more probable next states",
                marks=(Mark("bars", "rank", "rank", tone="soft"),),
                from_zero=True,
            ),
        ),
    )  # fmt: skip


def _with_band_ends(found: Table) -> Table:
    """The band's two ends, by which it is drawn."""
    band = found.values("band")
    about = "Where the band of sampled text ends."
    ends = (
        Column("band_low", "bits a step", "estimate", -band, about),
        Column("band_high", "bits a step", "estimate", band, about),
    )
    return Table((*found.columns, *ends), found.assumptions, found.notes)


def _summary(found: Table) -> tuple[str, ...]:
    steps = len(found)
    gap, band = (float(found.values(name)[-1]) for name in ("gap", "band"))
    total = float(found.values("log_prob")[-1])
    told = [f"{steps:,} {'step' if steps == 1 else 'steps'}; "]
    if math.isnan(total):
        told[0] += "not every step's probability is known here."
    else:
        told[0] += f"the trajectory costs {-total / math.log(2):,.2f} bits in all."
    if not math.isnan(gap):
        where = "within" if abs(gap) <= band else ("below" if gap < 0 else "above")
        place = f", {where} the band of ±{band:.2f}" if not math.isnan(band) else ""
        told.append(f"At its end the gap is {gap:+.2f} bits a step{place}.")
    return tuple(told)
