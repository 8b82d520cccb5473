"""An ask step: one question, as many attempts as its bounds allow, a typed answer or a typed failure."""

from __future__ import annotations

from .answers import attempt_payload, hide, read_answer, reply_payload, restore_reply
from .calling import stored_form
from .canonical import canonical, recorded
from .effects import perform
from .errors import Divergence, Failure, failure_payload, restore_failure
from .history import require_same
from .models import Reply, Request
from .yielded import Call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .answers import Problem
    from .budgets import Budget
    from .effects import Outcome
    from .models import Deps, Message, Model, Offer, Output, Provider
    from .run import Run

_FINAL = ("permission_denied", "cancelled", "budget_exceeded", "validation")  # another model would not help


class Question:
    """What is asked, whoever is asked: the step's path and static id, the type and the checks of the answer; in a turn
    of an agent also its tools, and whether it may still call them."""

    __slots__ = ("budgets", "checks", "may_call", "offers", "output", "prompt", "static", "step", "system")

    def __init__(
        self,
        step: str,
        static: str,
        output: Output,
        system: str,
        prompt: str,
        checks: Sequence[tuple[Callable[[Any], bool], str]],
        offers: Sequence[Offer] | None = None,
        may_call: bool = True,
        budgets: Sequence[Budget] = (),
    ) -> None:
        self.budgets = budgets
        self.step = step
        self.static = static
        self.output = output
        self.system = system
        self.prompt = prompt
        self.checks = checks
        self.offers = offers
        self.may_call = may_call


async def ask(run: Run, question: Question, model: Model, repair: int, escalate: Model | None) -> Any:
    """The validated answer. A bad answer goes back with its mistakes at most `repair` times, then the question goes
    once to `escalate`; a model that fails is replaced by its fallback. Raises Failure with the step's path."""
    conversation = Conversation(question.prompt)
    used = {model.name}
    attempt = 1
    while True:
        try:
            reply = await reply_to(run, question, model, conversation.messages, attempt)
        except Divergence:
            raise
        except Failure as failure:
            attempt += 1
            other = fallback(run, question, model, used, failure, attempt)
            if other is None:
                raise failed(run, question.step, failure) from None
            model = other
            continue
        answer, text, problem = read_answer(question, reply)
        if problem is None:
            run.note("step.completed", question.step, {"result": recorded(text)})
            return answer
        run.note("llm.invalid", f"{question.step}#{attempt}", problem.payload(attempt))
        attempt += 1
        if repair > 0:
            repair -= 1
            conversation.correct(reply.text, problem)
            run.note("llm.repaired", f"{question.step}#{attempt}", {"attempt": attempt, "model": model.name})
        elif escalate is not None:
            conversation.restart(problem)
            change = {"attempt": attempt, "from": model.name, "model": escalate.name}
            run.note("llm.escalated", f"{question.step}#{attempt}", change)
            model, escalate = escalate, None
            used = {model.name}
        else:
            raise failed(run, question.step, problem.failure())


def fallback(
    run: Run, question: Question, model: Model, used: set[str], failure: Failure, attempt: int
) -> Model | None:
    """The model to ask in `attempt` because `model` failed, noted and added to `used`; None when none would help."""
    other = model.fallback
    if failure.code in _FINAL or other is None or other.name in used:
        return None
    change = {"attempt": attempt, "error": failure.code, "from": model.name, "model": other.name}
    run.note("llm.fell_back", f"{question.step}#{attempt}", change)
    used.add(other.name)
    return other


class Conversation:
    """The messages that go to a model, each side in turn."""

    __slots__ = ("_prompt", "messages")

    def __init__(self, prompt: str) -> None:
        self._prompt = prompt
        self.messages: list[Message] = [{"role": "user", "content": prompt}]

    def correct(self, text: str, problem: Problem) -> None:
        """Show the model its answer and what is wrong with it."""
        said: Message = {"role": "assistant", "content": text or "(no answer)"}
        self.messages = [*self.messages, said, {"role": "user", "content": problem.request()}]

    def restart(self, problem: Problem) -> None:
        """The question again, for someone else, with what was wrong with the last answer."""
        content = f"{self._prompt}\n\nAn earlier answer was not valid:\n{problem.lines()}"
        self.messages = [{"role": "user", "content": content}]


async def reply_to(run: Run, question: Question, model: Model, messages: list[Message], attempt: int) -> Reply:
    """One model call, or what the log says of it, within the budgets; raises the Failure it ended in."""
    if not question.budgets:
        return await _reply_to(run, question, model, messages, attempt)
    from .budgets import UNANSWERED, estimate, spent

    needed = estimate(model, len(canonical(_asked(question, messages)).encode()))
    for budget in question.budgets:
        budget.reserve(f"{question.step}#{attempt}", needed)
    used = needed
    try:
        reply = await _reply_to(run, question, model, messages, attempt)
        if reply.input_tokens or reply.output_tokens or run.setting.mocks is not None:
            used = spent(model, reply.input_tokens, reply.output_tokens)
        return reply
    except Failure as failure:
        if failure.code in UNANSWERED:
            used = spent(model, 0, 0)
        raise
    finally:
        for budget in question.budgets:
            budget.settle(needed, used)


async def _reply_to(run: Run, question: Question, model: Model, messages: list[Message], attempt: int) -> Reply:
    step = f"{question.step}#{attempt}"
    grant = run.grant(question.static, question.step, "models", model.name)
    asked = canonical(_asked(question, messages))
    secrets: set[str] = set()
    stored = stored_form(run.redactor.text(asked, secrets))
    if (before := _recorded_reply(run, step, model, stored)) is not None:
        return before
    key = f"{run.journal.row.run_id}:{step}"
    deps = run.deps(step, grant, key)
    request = Request(
        model=model,
        system=question.system,
        messages=messages,
        schema=question.output.schema,
        schema_name=question.output.name,
        step=step,
        idempotency_key=key,
        offers=question.offers,
        may_call=question.may_call,
    )
    mocks = run.setting.mocks
    complete = _complete if mocks is None else mocks.complete
    payload = attempt_payload(model, attempt) | {"model": model.name, "args": recorded(stored)}
    intent = ("llm.requested", step, canonical(payload), secrets)
    outcome = await Call(step, model.name, perform, (complete, request, deps), intent, False, mocks is not None)
    if question.output.labelled and outcome.failure is None and not outcome.value.calls:
        hide(question.output, outcome.value)
    return _answered(run, step, model, attempt, outcome)


def _asked(question: Question, messages: list[Message]) -> dict[str, object]:
    """What the events of a model call keep of the request."""
    asked: dict[str, object] = {"messages": messages, "output": question.output.name, "system": question.system}
    if question.offers is not None:
        asked["tools"] = [offer.name for offer in question.offers] if question.may_call else []
    return asked


def _recorded_reply(run: Run, step: str, model: Model, stored: str) -> Reply | None:
    """The answer that the log has for this attempt, or the Failure, which is raised."""
    before = run.recorded(step)
    if "llm.requested" not in before:
        return None
    requested = recorded(before["llm.requested"])
    require_same(step, "model", str(requested.get("model")), model.name)
    require_same(step, "request", canonical(requested.get("args")), stored)
    if "llm.completed" in before:
        return _checked(restore_reply(recorded(before["llm.completed"])))
    if "llm.failed" in before:
        raise restore_failure(recorded(before["llm.failed"]), step)
    return None


def _answered(run: Run, step: str, model: Model, attempt: int, outcome: Outcome) -> Reply:
    """Record how a model call ended, with the tries before the last one; its answer, or the Failure raised."""
    if outcome.denied is not None:
        run.denied(outcome.denied)
    head = attempt_payload(model, attempt)
    ended: Any = outcome.value if outcome.failure is None else outcome.failure
    for number, earlier in enumerate(ended.attempts, 1):
        payload = failure_payload(run.cleared(earlier, step)) | {"try": number}
        run.append("llm.failed", step, canonical(head | payload))
    if outcome.failure is not None:
        failure = run.cleared(outcome.failure, step)
        payload = failure_payload(failure) | {"ms": outcome.ms, "try": len(ended.attempts) + 1}
        run.append("llm.failed", step, canonical(head | payload))
        raise failure
    secrets: set[str] = set()
    ended.text = run.redactor.text(ended.text, secrets)
    for call in ended.calls:
        texts = (call.id, call.name, call.arguments)
        call.id, call.name, call.arguments = (run.redactor.text(text, secrets) for text in texts)
    ended.kept = [run.redactor.value(block, secrets) for block in ended.kept]
    payload = reply_payload(model, ended) | {"ms": outcome.ms}
    run.append("llm.completed", step, canonical(head | payload), secrets)
    return _checked(ended)


def _complete(request: Request, deps: Deps) -> Reply:
    """The answer of the model's provider, or of the scripted replies that the run was given in place of all models."""
    name = request.model.provider if deps.scripted is None else "scripted"
    return load_provider(name).complete(request, deps)


def load_provider(name: str) -> Provider:
    """The module `providers/<name>.py`; raises Failure validation when there is none."""
    missing = Failure("validation", f"there is no model provider {name}")
    if not name.isidentifier():
        raise missing
    try:
        module: Any = __import__(f"providers.{name}", globals(), None, ["complete"], 1)
    except ModuleNotFoundError:
        raise missing from None
    if not hasattr(module, "complete"):
        raise missing
    return module  # type: ignore[no-any-return]


def _checked(reply: Reply) -> Reply:
    if reply.finish_reason == "refusal":
        raise Failure("refused", f"{reply.model or 'the model'} declined to answer")
    return reply


def failed(run: Run, step: str, failure: Failure) -> Failure:
    """Record that a step ended in this failure; the failure to raise."""
    failure.step = step
    run.note("step.failed", step, failure_payload(failure))
    return failure
