"""Reading a model's answer: strict JSON, the generated validator, the author's checks; and its place in events."""

from __future__ import annotations

import json

from .canonical import canonical
from .errors import Failure
from .models import Reply, ToolCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .asking import Question
    from .models import Model, Output

_FINISH = {"stop": "stop", "length": "length", "refusal": "content_filter"}  # as OpenTelemetry names them
WITHHELD = "[withheld]"  # in the place of an answer that may hold what must not be kept
_FINISHED = {name: ours for ours, name in _FINISH.items()}


class Problem:
    """What is wrong with an answer: the class of the failure and one line per mistake."""

    __slots__ = ("code", "errors")

    def __init__(self, code: str, errors: list[str]) -> None:
        self.code = code
        self.errors = errors

    def lines(self) -> str:
        """The mistakes as a list for the model."""
        return "\n".join(f"- {error}" for error in self.errors)

    def request(self) -> str:
        """What the model is told."""
        return f"This answer is not valid:\n{self.lines()}\nAnswer again with the whole corrected answer, nothing else."

    def payload(self, attempt: int) -> dict[str, object]:
        """The payload of llm.invalid."""
        return {"attempt": attempt, "error": self.code, "errors": self.errors}

    def failure(self) -> Failure:
        """What the step ends in when nobody corrects it."""
        more = f" (and {len(self.errors) - 1} more)" if len(self.errors) > 1 else ""
        return Failure(self.code, f"the answer is not valid: {self.errors[0]}{more}", details=self.errors)


def read_answer(question: Question, reply: Reply) -> tuple[Any, str, Problem | None]:
    """(decoded answer, its canonical text, None), or (None, "", what is wrong)."""
    if reply.finish_reason == "length":
        return None, "", Problem("malformed_output", ["the answer was cut off at the model's token limit"])
    if question.output.schema is None:
        value: object = reply.text
    else:
        try:
            value = json_answer(reply.text)
        except Failure as failure:
            return None, "", Problem(failure.code, [failure.message])
    errors: list[str] = []
    answer = question.output.check(value, "$", errors)
    if not errors:
        errors = _failed_checks(question, answer)
    if errors:
        return None, "", Problem("validation", errors)
    try:
        return answer, canonical(answer), None
    except Failure as failure:
        return None, "", Problem(failure.code, [failure.message])


def hide(output: Output, reply: Reply) -> None:
    """Take the values that the type of the answer hides out of it, before it is written down. Of an answer that is not
    valid nothing is kept: nobody can tell where they are in it."""
    try:
        value = reply.text if output.schema is None else json_answer(reply.text)
        errors: list[str] = []
        made = output.check(value, "$", errors)
        text = str(made) if output.schema is None else canonical(made)
    except Failure:
        errors = [""]
    reply.text = WITHHELD if errors else text
    reply.kept = ()


def json_answer(text: str) -> object:
    """The JSON value that an answer consists of, alone or in one code fence; raises Failure malformed_output."""
    body = text.strip()
    if body.startswith("```") and body.endswith("```") and "\n" in body:
        body = body[body.index("\n") : -3]
    if not body.strip():
        raise Failure("malformed_output", "the answer is empty, JSON was asked for")
    try:
        return json.loads(body, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Failure("malformed_output", f"the answer is not JSON: {error.msg} ({where})") from None
    except (RecursionError, ValueError) as error:
        raise Failure("malformed_output", f"the answer is not usable JSON: {error}") from None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _failed_checks(question: Question, answer: object) -> list[str]:
    errors = []
    for check, message in question.checks:
        try:
            holds = check(answer)
        except Exception as error:
            errors.append(f"{message} ({error})")
        else:
            if holds is not True:
                errors.append(message)
    return errors


def attempt_payload(model: Model, attempt: int) -> dict[str, object]:
    """What every event of a model call begins with."""
    return {"attempt": attempt, "gen_ai.provider.name": model.provider, "gen_ai.request.model": model.model}


def reply_payload(model: Model, reply: Reply) -> dict[str, object]:
    """The part of llm.completed that comes from the answer; `cost_usd` is null without declared prices."""
    more: dict[str, object] = {}
    if reply.calls:
        more["tool_calls"] = [{"arguments": c.arguments, "id": c.id, "name": c.name} for c in reply.calls]
    if reply.kept:
        more["kept"] = reply.kept
    return more | {
        "cost_usd": cost(model, reply),
        "gen_ai.response.finish_reasons": [_FINISH.get(reply.finish_reason, "other")],
        "gen_ai.response.id": reply.response_id,
        "gen_ai.response.model": reply.model,
        "gen_ai.usage.cached_tokens": reply.cached_tokens,
        "gen_ai.usage.input_tokens": reply.input_tokens,
        "gen_ai.usage.output_tokens": reply.output_tokens,
        "text": reply.text,
    }


def restore_reply(payload: Mapping[str, Any]) -> Reply:
    """The answer that `reply_payload` described."""
    return Reply(
        text=str(payload["text"]),
        input_tokens=payload["gen_ai.usage.input_tokens"],
        output_tokens=payload["gen_ai.usage.output_tokens"],
        cached_tokens=payload["gen_ai.usage.cached_tokens"],
        finish_reason=_FINISHED.get(payload["gen_ai.response.finish_reasons"][0], "other"),
        model=payload["gen_ai.response.model"],
        response_id=payload["gen_ai.response.id"],
        calls=[ToolCall(**call) for call in payload.get("tool_calls", ())],
        kept=payload.get("kept", ()),
    )


def cost(model: Model, reply: Reply) -> float | None:
    """USD for an answer at the model's declared prices per million tokens."""
    if model.input_price is None and model.output_price is None:
        return None
    total = reply.input_tokens * (model.input_price or 0.0) + reply.output_tokens * (model.output_price or 0.0)
    return round(total / 1e6, 9)
