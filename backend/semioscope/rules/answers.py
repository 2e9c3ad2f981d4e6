"""From questions about states to answers, by asking the rule once for all of them."""

from collections.abc import Iterable, Sequence

from semioscope.core.distribution import Answer, Question, answer_ranked
from semioscope.core.errors import InvalidRequest
from semioscope.core.sampling import Procedure
from semioscope.rules.protocol import AppendingRule


def answer(
    rule: AppendingRule, questions: Sequence[Question], procedure: Procedure
) -> list[Answer]:
    """The answers to the questions, in their order, under one procedure.

    Raises what the rule raises, InvalidRequest for keys outside the alphabet, and Unavailable
    "broken-rule" when what the rule returns are no probabilities.
    """
    return answer_each(rule, [(question, procedure) for question in questions])


def answer_each(rule: AppendingRule, asked: Sequence[tuple[Question, Procedure]]) -> list[Answer]:
    """As `answer`, each question under its own procedure: one batch for many askers."""
    states = [_token_state(question) for question, _ in asked]
    for question, _ in asked:
        _check_keys(rule, question.keys)
    whose = f"The rule “{rule.description.name}” ({rule.description.id})"
    answers: dict[int, Answer] = {}
    for row in rule.log_probs(states):
        question, procedure = asked[row.place]
        answers[row.place] = answer_ranked(question, row.ranked, row.log_sum_exp, procedure, whose)
    return [answers[index] for index in range(len(asked))]


def _token_state(question: Question) -> tuple[int, ...]:
    if isinstance(question.state, bytes):
        raise InvalidRequest("wrong-state", "The states of this rule are token ids, not bytes.")
    return question.state


def _check_keys(rule: AppendingRule, keys: Iterable[int]) -> None:
    size = rule.alphabet.size
    for key in keys:
        if not 0 <= key < size:
            raise InvalidRequest(
                "unknown-token", f"There is no token {key}: the alphabet has {size:,} tokens."
            )
