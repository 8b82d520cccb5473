"""Running the `test` blocks of a plan here and now, with their made-up answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.cel import CelError
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.testing import Computed, Fails, Tested, Uses, run_test

from agent_lattice.expr.evaluate import value_of
from agent_lattice.plan import Expectation, Mock, Test
from agent_lattice.terms import reads

if TYPE_CHECKING:
    from agent_lattice_runtime.models import Workflow


def problems(test: Test, workflow: Workflow, tools: str) -> list[str]:
    """Run a test; a line for everything that is not as it expects. `tools` is the folder of Python tools."""
    try:
        arguments = {name: value_of(term, {}) for name, term in test.args}
        mocks = replies_of(test)
    except CelError as error:
        return [f"the test has no value to start with: {error}"]
    return unmet(test, run_test(workflow, arguments, mocks, tools))


def unmet(test: Test, tested: Tested) -> list[str]:
    """A line for everything that a test does not expect of a run."""
    found = [line for expectation in test.expectations if (line := broken(expectation, tested, tested.calls))]
    if found and tested.failure is not None:
        found.append(f"the run failed: {_explained(tested.failure)}")
    if all(each.always for each in test.expectations) and tested.failure is not None:
        found.append(f"the run failed, which nothing expects: {_explained(tested.failure)}")
    return found


def replies_of(test: Test) -> dict[str, list[object]]:
    """The replies of a test's mocks, as the runtime takes them. Raises CelError for one without a value."""
    mocks: dict[str, list[object]] = {}
    for mock in test.mocks:
        mocks.setdefault(mock.target, []).extend(_replies(mock))
    return mocks


def _replies(mock: Mock) -> list[object]:
    if mock.failure is not None:
        return [Fails(*mock.failure)]
    if mock.uses:
        return [Uses(*((use.tool, {name: value_of(term, {}) for name, term in use.args}) for use in mock.uses))]
    if mock.params:
        return [Computed(_answer(term, mock.params)) for term in mock.values]
    return [value_of(term, {}) for term in mock.values]


def _answer(term: Any, params: tuple[str, ...]) -> Callable[..., object]:
    """The value of a mock for the arguments of a call."""

    def answer(**arguments: object) -> object:
        try:
            return value_of(term, {name: arguments.get(name) for name in params})
        except CelError as error:
            raise Failure("validation", f"the mock has no value: {error}") from None

    return answer


def broken(expectation: Expectation, tested: Tested, calls: Callable[[str], int]) -> str:
    """Why an expectation does not hold; "" when it does, or says nothing of this run. `calls` counts."""
    if expectation.always and tested.failure is not None and "result" in reads(expectation.condition):
        return ""
    variables: dict[str, Any] = {name: calls(target) for name, target in expectation.calls}
    variables |= {"result": tested.result, "error": tested.error}
    line = expectation.span.source.position(expectation.span.start)[0]
    place = f"{expectation.span.source.name}:{line}"
    try:
        holds = value_of(expectation.condition, variables)
    except CelError as error:
        return f"{place}: {expectation.text} has no value: {error}"
    except TypeError:
        if tested.failure is None:
            raise
        return f"{place}: {expectation.text} has no value: there is no result"
    if holds is True:
        return ""
    counted = ", ".join(f"{target} was called {calls(target)}×" for _, target in expectation.calls)
    return f"{place}: {expectation.text} does not hold" + (f" ({counted})" if counted else "")


def _explained(failure: Failure) -> str:
    where = f"step {failure.step}: " if failure.step else ""
    return f"{where}{failure.code}: {failure.message}"
