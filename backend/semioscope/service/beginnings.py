"""A new tree: from a prompt to the initial state, checked and stored."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from semioscope.core.errors import InvalidRequest
from semioscope.core.known_tree import prompt_length
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import IDENTITY, Procedure
from semioscope.core.tree import Tree
from semioscope.core.types import State
from semioscope.rules.catalogue import LoadedRule
from semioscope.rules.protocol import TokenRule
from semioscope.service import checks
from semioscope.service.access import Caller
from semioscope.service.emptying import must_begin
from semioscope.service.open_tree import OpenTree
from semioscope.service.open_trees import OpenTrees
from semioscope.service.rule_door import RuleDoor
from semioscope.service.stored_beginning import stored_beginning
from semioscope.settings import Settings
from semioscope.store.identities import Identities
from semioscope.store.records import NewTree as TreeRecord
from semioscope.store.trees import Trees

_LONGEST_TOKEN: Final = 256
"""Characters: with more than this for each allowed token, a prompt need not be encoded to be
refused."""
_NAME_LENGTH: Final = 60


@dataclass(frozen=True)
class NewTree:
    """What a new tree is asked to be. max_length: L, None for the rule's window."""

    rule: str
    prompt: str
    chat: bool
    max_length: int | None
    procedure: Procedure
    name: str | None
    growth: dict[str, Any] | None


class Beginnings:
    """Makes trees."""

    def __init__(
        self,
        store: Trees,
        identities: Identities,
        door: RuleDoor,
        opened: OpenTrees,
        settings: Settings,
    ) -> None:
        self._store = store
        self._identities = identities
        self._door = door
        self._opened = opened
        self._settings = settings

    async def begin(self, caller: Caller, new: NewTree) -> OpenTree:
        """Stores a tree of the caller's and holds it in memory.

        Raises NotFound "unknown-rule", Unavailable while the rule loads, InvalidRequest
        "empty-prompt", "prompt-too-long", "bad-length", what the rule says of the text, and for a
        procedure "no-tokens", "unknown-token" or "procedure-empties".
        """
        name = None if new.name is None else checks.name(new.name)
        async with self._door.for_prompt(new.rule, caller.id) as loaded:
            tree = await initial_tree(
                loaded,
                new.prompt,
                self._settings,
                procedure=new.procedure,
                chat=new.chat,
                max_length=new.max_length,
                name=name,
            )
            await must_begin(tree, tree.procedure, loaded, caller.id)
        await self._identities.keep(caller.id)
        record = TreeRecord(
            name=tree.name,
            rule=tree.rule.to_json(),
            rule_fingerprint=tree.rule.fingerprint,
            prompt=stored_beginning(tree),
            max_length=tree.max_length,
        )
        return self._opened.hold(await self._store.create_tree(record, caller.id), tree)


async def initial_tree(
    loaded: LoadedRule,
    prompt: str,
    settings: Settings,
    *,
    procedure: Procedure = IDENTITY,
    chat: bool = False,
    max_length: int | None = None,
    name: str | None = None,
) -> Tree:
    """A tree of one state: the prompt. Stored nowhere. Raises InvalidRequest as `begin` does."""
    rule = loaded.rule.description
    _refuse_at_sight(prompt, settings)
    state = await asyncio.to_thread(_encode, loaded, prompt, chat)
    _check(rule, state, settings)
    loaded.must_begin(state)
    length = _max_length(rule, prompt_length(state), max_length)
    procedure.must_suit(rule)
    pieces = _pieces(loaded, state)
    return Tree(rule, state, length, pieces, procedure, name or _title(prompt, rule))


def _refuse_at_sight(prompt: str, settings: Settings) -> None:
    most = settings.max_prompt_tokens
    if len(prompt) > most * _LONGEST_TOKEN:
        raise InvalidRequest(
            "prompt-too-long",
            f"The prompt has {len(prompt):,} characters; it may have {most:,} tokens.",
            "Shorten it.",
        )


def _check(rule: RuleDescription, state: State, settings: Settings) -> None:
    if not state and rule.needs_prompt:
        raise InvalidRequest(
            "empty-prompt",
            "The prompt is empty; this rule needs at least one token to begin from.",
            "Type how the text should begin.",
        )
    most = min(settings.max_prompt_tokens, rule.window - 1)
    if isinstance(state, tuple) and len(state) > most:  # a rewriting rule bounds its own states
        raise InvalidRequest(
            "prompt-too-long",
            f"The prompt has {len(state):,} tokens; {rule.name} can begin from {most:,}.",
            "Shorten it.",
        )


def _encode(loaded: LoadedRule, prompt: str, chat: bool) -> State:
    if chat:
        return _chatting(loaded).encode_chat(prompt)[0]
    return loaded.rule.encode(prompt)


def _chatting(loaded: LoadedRule) -> TokenRule:
    if loaded.alphabet is None:
        raise InvalidRequest("no-chat-template", f"{loaded.rule.description.name} does not chat.")
    return loaded.tokens()


def _pieces(loaded: LoadedRule, state: State) -> tuple[bytes, ...]:
    """The bytes of each token; the state as a whole where it has no tokens."""
    if isinstance(state, bytes):
        return (state,)
    alphabet = loaded.tokens().alphabet
    return tuple(alphabet.bytes_of(key) for key in state)


def _max_length(rule: RuleDescription, prompt: int, asked: int | None) -> int:
    if asked is None:
        return rule.window
    if not prompt < asked <= rule.window:
        raise InvalidRequest(
            "bad-length",
            f"The length L is {asked:,}; it must be more than the prompt's {prompt:,} "
            f"{'tokens' if rule.kind == 'appending' else 'state'} and at most {rule.window:,}.",
        )
    return asked


def _title(prompt: str, rule: RuleDescription) -> str:
    """The beginning of the prompt, as the name until somebody gives another."""
    text = checks.tidy(prompt)
    if not text:
        return rule.name
    return text if len(text) <= _NAME_LENGTH else text[: _NAME_LENGTH - 1].rstrip() + "…"
