"""Links: made, listed, taken back; and what their secrets give."""

from dataclasses import dataclass

from semioscope.service.access import Caller, Entry, Role
from semioscope.service.broadcast import Revoked, RolesChanged
from semioscope.service.open_trees import OpenTrees
from semioscope.store.identities import Identities
from semioscope.store.links import Links
from semioscope.store.records import LinkKind, LinkRow
from semioscope.store.trees import Trees


@dataclass(frozen=True)
class Link:
    """A link as its owner sees it. The secret stands in `url_path` only when it is made."""

    id: str
    kind: LinkKind
    url_path: str
    seq: int | None
    created_at: float


@dataclass(frozen=True)
class Admission:
    """The tree that a secret opened, and what the caller is there now."""

    ref: str
    role: Role


class Sharing:
    """Use cases of sharing, for a tree's owner and for who was given a secret."""

    def __init__(
        self, trees: Trees, links: Links, identities: Identities, opened: OpenTrees
    ) -> None:
        self._trees = trees
        self._links = links
        self._identities = identities
        self._opened = opened

    async def links(self, entry: Entry) -> list[Link]:
        """Those that stand. Raises Forbidden for anyone but the owner."""
        entry.must_own()
        rows = await self._links.list_of(entry.tree)
        return [_shown(row, entry.ref, None) for row in rows]

    async def create(self, entry: Entry, kind: LinkKind) -> Link:
        """A new link; for `live`, the one that stands. Anyone who may edit may point at a moment
        (`frozen`) or at the living tree; giving rights is the owner's."""
        if kind in ("edit", "recovery"):
            entry.must_own()
        else:
            entry.must_write()
        seq = (await self._trees.tree(entry.tree)).seq if kind == "frozen" else None
        made = await self._links.create(entry.tree, kind, seq=seq)
        return _shown(made.link, entry.ref, made.secret)

    async def revoke(self, entry: Entry, link: str) -> list[Link]:
        """Takes a link back; its open pages are told. Returns what stands."""
        entry.must_own()
        row = await self._trees.tree(entry.tree)
        replacement = await self._links.revoke(entry.tree, link)
        for opened in self._opened.of(entry.tree):
            # The owner is answered, and goes on by a link that stands.
            opened.channel.tell_others_by(link, entry.caller, Revoked())
            opened.channel.tell_others(entry.caller, RolesChanged())
        ref = row.read_id if replacement is None else replacement.id
        return [_shown(left, ref, None) for left in await self._links.list_of(entry.tree)]

    async def redeem_invitation(self, caller: Caller, secret: str) -> Admission:
        """Makes the caller an editor. Raises NotFound or Gone."""
        await self._identities.keep(caller.id)
        ref, role = await self._links.redeem_invitation(secret, caller.id)
        await self._tell_roles(ref)
        return Admission(ref, role)

    async def recover(self, caller: Caller, secret: str) -> Admission:
        """Makes the caller the owner. Raises NotFound or Gone."""
        await self._identities.keep(caller.id)
        ref, role = await self._links.redeem_recovery(secret, caller.id)
        await self._tell_roles(ref)
        return Admission(ref, role)

    async def _tell_roles(self, ref: str) -> None:
        row = (await self._trees.tree_by_ref(ref)).tree
        for opened in self._opened.of(row.id):
            opened.channel.tell(RolesChanged())


def _shown(row: LinkRow, ref: str, secret: str | None) -> Link:
    paths: dict[LinkKind, str] = {
        "live": f"/t/{row.id}",
        "frozen": f"/f/{row.id}",
        "edit": f"/t/{ref}#edit={secret}" if secret else f"/t/{ref}",
        "recovery": f"/recover#{secret}" if secret else "/recover",
    }
    return Link(row.id, row.kind, paths[row.kind], row.seq, row.created_at)
