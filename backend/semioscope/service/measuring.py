"""Instruments on trees: what is stored is read, and nothing is changed."""

import asyncio

from semioscope.core import frame
from semioscope.core.sampling import IDENTITY_FINGERPRINT
from semioscope.physics.reading import Reading
from semioscope.service import checks
from semioscope.service.open_tree import OpenTree
from semioscope.service.readings.overlays import OverlayName, overlay
from semioscope.service.readings.profile import read_profile


class Measuring:
    """Reads instruments. Whoever may read a tree may."""

    async def overlay(self, opened: OpenTree, name: OverlayName, *, under_rule: bool) -> bytes:
        """What every state is coloured by, as a frame {type: "overlay", seq, name, unit, label,
        about} with the column values f4[size]; nan where it is not known."""
        async with opened.lock:
            tree = opened.tree
            fingerprint = IDENTITY_FINGERPRINT if under_rule else tree.fingerprint
            column = await asyncio.to_thread(overlay, tree, name, fingerprint)
            header = {
                "type": "overlay",
                "seq": tree.seq,
                "name": column.name,
                "unit": column.unit,
                "label": column.label,
                "about": column.about,
            }
            return frame.encode(header, {"values": column.values.astype("<f4")})

    async def profile(self, opened: OpenTree, node: int, *, under_rule: bool) -> Reading:
        """Along the trajectory to a state, under the rule or the tree's procedure.

        Raises NotFound "unknown-state", InvalidRequest "no-steps".
        """
        async with opened.lock:
            tree = opened.tree
            known = checks.visible(tree, node)
            fingerprint = IDENTITY_FINGERPRINT if under_rule else tree.fingerprint
            return await asyncio.to_thread(read_profile, tree, known, fingerprint)
