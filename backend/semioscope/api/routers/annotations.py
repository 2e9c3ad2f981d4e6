"""What people set down on states: bookmarks, notes, names of branches.

With `key`, on a next state of the node: where that is no state of the tree yet it is made one, as
part of the same change.
"""

from fastapi import APIRouter

from semioscope.api import views
from semioscope.api.deps import House, Me, NodeNumber, Ref
from semioscope.api.document import problems
from semioscope.api.wire import BookmarkRequest, Edited, LabelRequest, NoteRequest

router = APIRouter(
    prefix="/api/trees/{ref}/states/{node}", tags=["annotations"], responses=problems(409, 410)
)


@router.put("/bookmark", operation_id="bookmark", summary="Bookmark a state, or no more")
async def bookmark(
    ref: Ref, node: NodeNumber, asked: BookmarkRequest, house: House, me: Me
) -> Edited:
    """Everyone who opens the multiverse finds it. What is so already changes nothing."""
    return views.edited(await house.bookmark(me, ref, (node, asked.key), asked.on))


@router.put("/note", operation_id="note", summary="Write a note on a state")
async def note(ref: Ref, node: NodeNumber, asked: NoteRequest, house: House, me: Me) -> Edited:
    """Plain text that everyone reads; it takes the place of the note before it."""
    return views.edited(await house.note(me, ref, (node, asked.key), asked.text))


@router.put("/label", operation_id="label", summary="Name the branch that begins at a state")
async def label(ref: Ref, node: NodeNumber, asked: LabelRequest, house: House, me: Me) -> Edited:
    """Everyone sees the name; it takes the place of the one before it."""
    return views.edited(await house.label(me, ref, (node, asked.key), asked.name))
