"""From a spec to a rule: checked and described once, and bound to the rules beneath it on use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from semioscope.core.errors import InvalidRequest, Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.rules.automaton import Automaton
from semioscope.rules.chain import MatrixChain
from semioscope.rules.coin import Coin
from semioscope.rules.derived.interpolated import (
    Interpolated,
    Mixed,
    check_one_alphabet,
    memory_of,
)
from semioscope.rules.derived.restricted import Restricted, single_tokens, token_text
from semioscope.rules.derived.rule import whole_tokens
from semioscope.rules.derived.worker import DerivedWorker
from semioscope.rules.loaded import LoadedRule, alone
from semioscope.rules.made import fingerprint_of, made_id
from semioscope.rules.markov import Markov, TokenSource
from semioscope.rules.protocol import TokenRule
from semioscope.rules.rewriting import Rewriting
from semioscope.rules.spec import Spec, own_bases
from semioscope.rules.worker import RuleWorker

LONGEST_CONTEXT: Final = 20_000
"""Characters of a context, and of what it replaces."""
PROMPT: Final = "Once upon a time"
"""An example of how to begin under a model."""
_SHOWN: Final = 4

_PURE: Final[
    dict[str, Callable[[Spec, str | None], Coin | MatrixChain | Automaton | Rewriting]]
] = {
    "coin": Coin.from_spec,
    "chain": MatrixChain.from_spec,
    "automaton": Automaton.from_spec,
    "rewriting": Rewriting.from_spec,
}
"""The rules that need no other, by kind."""

Bases = Mapping[str, LoadedRule]
"""The server's own rules that a spec names, by id; loaded, and staying so while they are used."""


@dataclass(frozen=True)
class Recipe:
    """A rule that was made. It holds on to nothing of the rules beneath it.

    bind: the rule with a worker, from the rules beneath it, at once; closing that worker ends all
    that was made for it. example: a prompt to begin with. bases: the server's own rules beneath,
    id and fingerprint.
    """

    description: RuleDescription
    example: str
    bases: Mapping[str, str]
    bind: Callable[[Bases], LoadedRule]


def prepare(spec: Spec, name: str | None, bases: Bases) -> Recipe:
    """The recipe of a canonical spec whose made parts are specs (`semioscope.rules.spec`).

    Takes a while for a long text. Raises InvalidRequest with what the kind says of the values.
    """
    match spec["kind"]:
        case "restricted":
            return _restricted(spec, name, bases)
        case "interpolated":
            return _interpolated(spec, name, bases)
        case "markov" if spec["base"] is not None:
            return _markov_of_tokens(spec, name, bases)
        case "markov":
            chain = Markov.from_spec(spec, name)
            return Recipe(chain.description, chain.example, {}, lambda _: alone(chain))
        case kind:
            rule = _PURE[kind](spec, name)
            return Recipe(rule.description, rule.example, {}, lambda _: alone(rule))


# What a rule is made of


@dataclass(frozen=True)
class _Ingredient:
    """A rule that another is made of: the server's own, or made for it."""

    named: str | Spec
    bind: Callable[[Bases], LoadedRule]
    is_own: bool
    example: str


def _ingredient(named: Any, bases: Bases) -> _Ingredient:
    if isinstance(named, str):
        rule = bases[named].rule
        prompt = PROMPT if rule.description.needs_prompt else ""
        return _Ingredient(named, lambda given: given[named], False, prompt)
    recipe = prepare(named, None, bases)
    spec = recipe.description.spec
    return _Ingredient(spec or named, recipe.bind, True, recipe.example)


def _fingerprints(spec: Spec, bases: Bases) -> dict[str, str]:
    return {each: bases[each].rule.description.fingerprint for each in own_bases(spec)}


def derived_fingerprint(spec: Spec, bases: Mapping[str, str]) -> str:
    """Of a rule that is made of others; bases: the fingerprints of the server's own, by id."""
    return fingerprint_of(spec, *(bases[each] for each in own_bases(spec)))


# Restricted


def _restricted(spec: Spec, name: str | None, bases: Bases) -> Recipe:
    base = _ingredient(spec["base"], bases)
    bound = base.bind(bases)
    try:
        rule = whole_tokens(bound)
        keys = single_tokens(rule, spec["texts"], spec["keys"])
        shown = _listed([token_text(rule, key) for key in keys])
        canonical = spec | {"base": base.named}
        description = _described(
            canonical,
            bases,
            rule.description,
            name=name or f"{rule.description.name}: {shown}",
            summary=f"{rule.description.name}, which may say only {shown}, renormalised.",
            notes=(
                "Where it gives none of these a chance, nothing follows: the state is terminal.",
            ),
        )
    finally:
        if base.is_own:
            bound.worker.close()

    def bind(given: Bases) -> LoadedRule:
        loaded = base.bind(given)
        made = Restricted(loaded, keys, description)
        worker = DerivedWorker(made, [loaded] if base.is_own else [])
        return LoadedRule(made, worker, loaded.must_begin)

    return Recipe(description, base.example, _fingerprints(canonical, bases), bind)


# Interpolated


@dataclass(frozen=True)
class _PartRecipe:
    """One of the two rules that are mixed."""

    of: _Ingredient
    context: str
    replaces: str

    @classmethod
    def read(cls, part: Spec, which: str, bases: Bases) -> "_PartRecipe":
        texts = [part[field] or "" for field in ("context", "replaces")]
        for field, text in zip(("context", "replaces"), texts, strict=True):
            if not isinstance(text, str) or len(text) > LONGEST_CONTEXT:
                raise InvalidRequest(
                    "bad-interpolation",
                    f"“{field}” of the {which} rule is a text of at most {LONGEST_CONTEXT:,} "
                    "characters.",
                )
        return cls(_ingredient(part["rule"], bases), *texts)

    def mixed(self, loaded: LoadedRule) -> Mixed:
        """Takes a while for a long context."""
        rule = whole_tokens(loaded)
        return Mixed(loaded, rule.encode(self.context), rule.encode(self.replaces))

    @property
    def canonical(self) -> Spec:
        return {
            "rule": self.of.named,
            "context": self.context or None,
            "replaces": self.replaces or None,
        }

    def told(self, rule: TokenRule) -> str:
        name = rule.description.name
        if self.replaces:
            return f"{name} with “{_cut(self.context)}” in place of “{_cut(self.replaces)}”"
        return f"{name} after “{_cut(self.context)}”" if self.context else name


def _interpolated(spec: Spec, name: str | None, bases: Bases) -> Recipe:
    weight = spec["weight"]
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1:
        raise InvalidRequest("bad-interpolation", "The weight of the second rule is from 0 to 1.")
    weight = float(weight)
    parts = [_PartRecipe.read(spec[which], which, bases) for which in ("first", "second")]
    canonical = spec | {
        "first": parts[0].canonical,
        "second": parts[1].canonical,
        "weight": weight,
    }
    bound = [part.of.bind(bases) for part in parts]
    try:
        mixed = [part.mixed(each) for part, each in zip(parts, bound, strict=True)]
        description = _mixture_described(canonical, name, parts, mixed, bases)
        contexts = [(each.context, each.replaced) for each in mixed]
    finally:
        _close(parts, bound)

    def bind(given: Bases) -> LoadedRule:
        loaded = [part.of.bind(given) for part in parts]
        first, second = (
            Mixed(each, *context) for each, context in zip(loaded, contexts, strict=True)
        )
        made = Interpolated(first, second, weight, description)
        own = [each for part, each in zip(parts, loaded, strict=True) if part.of.is_own]
        return LoadedRule(made, DerivedWorker(made, own), made.must_begin)

    example = parts[0].replaces or parts[1].replaces or parts[0].of.example
    return Recipe(description, example, _fingerprints(canonical, bases), bind)


def _mixture_described(
    spec: Spec,
    name: str | None,
    parts: list[_PartRecipe],
    mixed: list[Mixed],
    bases: Bases,
) -> RuleDescription:
    first, second = (each.rule for each in mixed)
    check_one_alphabet(first, second)
    window = min(each.window for each in mixed)
    if window < 2:
        raise InvalidRequest(
            "bad-interpolation",
            "The context leaves no room for a prompt within the window of its rule.",
            "Shorten it.",
        )
    weight = spec["weight"]
    told = [part.told(each) for part, each in zip(parts, (first, second), strict=True)]
    ends = sorted({*first.description.end_keys, *second.description.end_keys})
    return replace(
        _described(
            spec,
            bases,
            first.description,
            name=name or f"{1 - weight:.3g} {told[0]} + {weight:.3g} {told[1]}",
            summary=f"{1 - weight:.3g} × {told[0]} + {weight:.3g} × {told[1]}.",
            notes=("Where one of the two says that nothing follows, the other speaks alone.",),
        ),
        window=window,
        end_keys=tuple(ends),
        needs_prompt=any(each.needs_prompt for each in mixed),
        memory=memory_of(mixed),
    )


def _close(parts: list[_PartRecipe], bound: list[LoadedRule]) -> None:
    for part, loaded in zip(parts, bound, strict=True):
        if part.of.is_own:
            loaded.worker.close()


# A Markov chain of another rule's tokens


class _LentEncoding:
    """How another rule reads a text, while that rule is loaded."""

    def __init__(self) -> None:
        self.of: TokenRule | None = None

    def __call__(self, text: str) -> tuple[int, ...]:
        if self.of is None:
            raise Unavailable(
                "rule-closed",
                "The rule whose tokens these are is not loaded any more.",
                "Try again shortly.",
                retryable=True,
            )
        return self.of.encode(text)


class _LendingWorker(RuleWorker):
    """Gives back what was lent, and ends what was made for it."""

    def __init__(self, chain: Markov, lent: _LentEncoding, base: LoadedRule, is_own: bool) -> None:
        super().__init__(chain)
        self._lent = lent
        self._base: LoadedRule | None = base
        self._is_own = is_own
        lent.of = base.tokens()

    def close(self) -> None:
        super().close()
        base, self._base = self._base, None
        if base is None:
            return
        if self._lent.of is base.rule:  # and not what somebody has bound meanwhile
            self._lent.of = None
        if self._is_own:
            base.worker.close()


def _markov_of_tokens(spec: Spec, name: str | None, bases: Bases) -> Recipe:
    base = _ingredient(_speaker(spec["base"]), bases)
    lent = _LentEncoding()
    bound = base.bind(bases)
    try:
        rule = bound.tokens()
        lent.of = rule
        known = rule.description
        source = TokenSource(known.name, known.fingerprint, rule.alphabet, lent)
        chain = Markov.from_spec(spec | {"base": base.named}, name, source)
    finally:
        lent.of = None
        if base.is_own:
            bound.worker.close()

    def bind(given: Bases) -> LoadedRule:
        return LoadedRule(chain, _LendingWorker(chain, lent, base.bind(given), base.is_own))

    canonical = chain.description.spec or spec
    return Recipe(chain.description, chain.example, _fingerprints(canonical, bases), bind)


def _speaker(named: Any) -> Any:
    """The rule whose tokens they are in the end: a rule made of others has theirs."""
    while isinstance(named, dict):
        beneath = named.get("base") or named.get("first", {}).get("rule")
        if beneath is None:
            break
        named = beneath
    return named


# Shared


def _described(
    spec: Spec,
    bases: Bases,
    base: RuleDescription,
    *,
    name: str,
    summary: str,
    notes: tuple[str, ...],
) -> RuleDescription:
    """A rule over the alphabet of `base`, made by a canonical spec."""
    fingerprint = derived_fingerprint(spec, _fingerprints(spec, bases))
    return replace(
        base,
        id=made_id(fingerprint),
        name=name,
        family=spec["kind"],
        fingerprint=fingerprint,
        summary=summary,
        notes=notes,
        revision=None,
        spec=spec,
    )


def _listed(shown: list[str]) -> str:
    if len(shown) <= _SHOWN:
        return ", ".join(shown)
    return ", ".join(shown[:_SHOWN]) + f" and {len(shown) - _SHOWN} more"


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
