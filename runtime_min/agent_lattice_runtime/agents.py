"""Agents: a model that calls tools, turn by turn, until it answers; every turn and every call is in the log."""

from __future__ import annotations

from .agent_calls import answered
from .answers import read_answer
from .asking import Conversation, Question, failed, fallback, reply_to
from .branches import is_cancellation
from .canonical import recorded
from .errors import Divergence, Failure
from .models import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .context import Context
    from .effects import Op
    from .models import Check, Model, Output, Reply
    from .run import Run


class AgentTool:
    """An operation as an agent's model sees it: `name` there, what it is for, the JSON Schema of its arguments (an
    object by parameter) and their validator."""

    __slots__ = ("check", "description", "name", "op", "schema")

    def __init__(self, *, name: str, op: Op, description: str, schema: dict[str, object], check: Check) -> None:
        self.name = name
        self.op = op
        self.description = description
        self.schema = schema
        self.check = check


class Agent:
    """A declared agent: at most `max_turns` replies of its model, of which at most `repair` correct a bad answer."""

    __slots__ = ("max_turns", "model", "name", "output", "repair", "tools")

    def __init__(
        self,
        *,
        name: str,
        model: Model,
        output: Output,
        tools: Sequence[AgentTool],
        max_turns: int,
        repair: int = 0,
    ) -> None:
        self.name = name
        self.model = model
        self.output = output
        self.tools: Mapping[str, AgentTool] = {tool.name: tool for tool in tools}
        self.max_turns = max_turns
        self.repair = repair

    async def run(
        self,
        ctx: Context,
        *,
        prompt: str,
        system: str = "",
        checks: Sequence[tuple[Callable[[Any], bool], str]] = (),
    ) -> Any:
        """The validated answer; `ctx` is the scope of the step, whose name is its own. Raises Failure: budget_exceeded
        when the turns are used up, else what its model's answer or a call ended in."""
        run, step = ctx.run, ctx.path[:-1]
        try:
            if run.setting.mocks is not None and (stand_in := run.setting.mocks.agent(ctx.static[:-1], step)):
                return self._stood_in(run, step, stand_in())
            return await Turns(self, run, ctx, system, prompt, checks).answer()
        except Divergence:
            raise
        except Failure as failure:
            if not is_cancellation(failure):
                inner = failure.step
                failed(run, step, failure)
                failure.step = inner or step
            raise

    def _stood_in(self, run: Run, step: str, value: object) -> Any:
        """The answer that a test gives in place of all turns."""
        answer = decode(self.output.check, value, f"the mock of {step}")
        run.note("step.completed", step, {"result": answer})
        return answer


class Turns:
    """One run of an agent: the conversation, the model that is asked now, the corrections that are left."""

    def __init__(
        self,
        agent: Agent,
        run: Run,
        ctx: Context,
        system: str,
        prompt: str,
        checks: Sequence[tuple[Callable[[Any], bool], str]],
    ) -> None:
        self._agent = agent
        self._run = run
        self._ctx = ctx
        self._step = ctx.path[:-1]
        self._system = system
        self._checks = checks
        self._conversation = Conversation(prompt)
        self._model = agent.model
        self._tried = {agent.model.name}
        self._repairs = agent.repair
        self._ids: set[str] = set()

    async def answer(self) -> Any:
        """Ask, make the calls that are asked for, show their results, until there is a valid answer. In the last turn no
        tool may be called: nobody would see what it gives."""
        last = self._agent.max_turns - 1
        for turn in range(last + 1):
            question = self._question(turn, may_call=turn < last)
            reply, attempt = await self._reply(question)
            if reply.calls and reply.finish_reason != "length":  # calls that are cut off are a bad answer
                if turn == last:
                    break
                scope = self._ctx.at("turn", turn)
                messages = await answered(self._run, scope, self._agent.tools, reply, self._ids)
                self._conversation.messages = [*self._conversation.messages, *messages]
                continue
            answer, text, problem = read_answer(question, reply)
            if problem is None:
                self._run.note("step.completed", self._step, {"result": recorded(text)})
                return answer
            self._run.note("llm.invalid", f"{question.step}#{attempt}", problem.payload(attempt))
            if self._repairs == 0 or turn == last:
                raise problem.failure()
            self._repairs -= 1
            self._conversation.correct(reply.text, problem)
            again = {"attempt": 1, "model": self._model.name}
            self._run.note("llm.repaired", f"{self._ctx.path}turn[{turn + 1}]#1", again)
        raise Failure("budget_exceeded", f"{self._agent.name} has not answered in {last + 1} turns")

    def _question(self, turn: int, *, may_call: bool) -> Question:
        return Question(
            f"{self._ctx.path}turn[{turn}]",
            f"{self._ctx.static}turn",
            self._agent.output,
            self._system,
            "",
            self._checks,
            tuple(self._agent.tools.values()),
            may_call,
            self._ctx.budgets,
        )

    async def _reply(self, question: Question) -> tuple[Reply, int]:
        """The reply of a turn and which attempt it took; a model that fails is replaced by its fallback for good."""
        attempt = 1
        while True:
            try:
                return await reply_to(self._run, question, self._model, self._conversation.messages, attempt), attempt
            except Divergence:
                raise
            except Failure as failure:
                attempt += 1
                other = fallback(self._run, question, self._model, self._tried, failure, attempt)
                if other is None:
                    failure.step = question.step
                    raise
                self._model = other
