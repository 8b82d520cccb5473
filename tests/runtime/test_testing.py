"""What generated unit tests use: stand-ins for operations and models, and their counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.effects import PythonOp
from agent_lattice_runtime.testing import Computed, Fails, Mocks, Tested, Uses, run_test

from .agent_samples import desk
from .samples import FAST, TEXT, VERDICT, World, asks, check_any, manifest, ops, workflow


def forbidden(**arguments: Any) -> Any:
    raise AssertionError("a test performs nothing")


def flow() -> Any:
    world = World()
    order = world.op("shop.order", "read", forbidden)
    pay = world.op("bank.pay", "write", forbidden)

    async def child(ctx: Context, n: int) -> Any:
        return await ctx.ask("deep", FAST, output=TEXT, prompt=str(n))

    async def tested(ctx: Context, id: str, times: int = 1) -> Any:
        found = [await ctx.at("loop", n).tool("order", order, {"id": id}) for n in range(times)]
        verdict = await ctx.ask("triage", FAST, output=VERDICT, prompt="?", repair=1)
        said = await ctx.call("inner", child, {"n": 1})
        return {"found": found, "verdict": verdict, "said": said, "paid": await ctx.tool("pay", pay, {"id": id})}

    grants = manifest(loop__order=ops("shop.order"), triage=asks("fast"), inner__deep=asks("fast"), pay=ops("bank.pay"))
    return workflow(tested, grants)


GOOD = {"verdict": "approve", "confidence": 1.0}


def outcome_of(mocks: dict[str, list[object]], **more: Any) -> Tested:
    standard: dict[str, list[object]] = {
        "shop.order": [Computed(lambda id: {"id": id})],
        "ask triage": [GOOD],
        "ask deep": ["hello"],
        "bank.pay": [True],
    }
    return run_test(flow(), {"id": "A", **more}, standard | mocks)


def test_values_functions_and_counts() -> None:
    outcome = outcome_of({})
    assert outcome.error is None
    assert outcome.result == {"found": [{"id": "A"}], "verdict": GOOD, "said": "hello", "paid": True}
    assert [outcome.calls(name) for name in ("shop.order", "bank.pay", "ask triage", "ask deep", "ask inner.deep")] == [
        1, 1, 1, 1, 1,
    ]  # fmt: skip
    assert outcome.calls("shop.nothing") == outcome.calls("ask nothing") == 0


def test_successive_replies_and_the_last_one_again() -> None:
    assert outcome_of({"shop.order": [1, 2]}, times=4).result["found"] == [1, 2, 2, 2]  # type: ignore[index]


def test_failures() -> None:
    outcome = outcome_of({"bank.pay": [Fails("unavailable", "shut")]})
    assert outcome.error == "unavailable"
    assert outcome.failure is not None
    assert outcome.failure.step == "pay"
    assert outcome.result is None
    assert outcome_of({"ask triage": [Fails("refused")]}).error == "refused"


def test_a_model_that_needs_a_repair() -> None:
    outcome = outcome_of({"ask triage": [{"verdict": "approve"}, GOOD]})
    assert outcome.error is None
    assert outcome.calls("ask triage") == 2


def test_a_mock_that_is_missing_is_said_to_be() -> None:
    for name in ("shop.order", "ask triage", "bank.pay"):
        mocks = Mocks({})
        assert mocks.calls(name) == 0
        missing = {"shop.order": [1], "ask triage": [GOOD], "ask deep": ["x"], "bank.pay": [1]}
        del missing[name]
        outcome = run_test(flow(), {"id": "A"}, missing)
        assert outcome.error == "validation"
        assert outcome.failure is not None
        assert outcome.failure.message == f"the test has no mock for {name}"


def test_a_mock_without_replies_and_one_with_wrong_parameters() -> None:
    assert outcome_of({"bank.pay": []}).error == "validation"
    assert outcome_of({"bank.pay": [Computed(lambda other: 1)]}).error == "internal"


def test_a_wrong_input_is_an_error_of_the_test_run() -> None:
    made = flow()
    made.input = lambda value, path, errors: errors.append("$.id: missing")
    assert run_test(made, {}, {}).error == "validation"


def test_pure_operations_run_for_real_unless_they_are_mocked(tmp_path: Path) -> None:
    (tmp_path / "tt_pure.py").write_text("def f(n):\n    return n + 1")
    op = PythonOp(name="t.f", module="tt_pure", function="f", output=check_any, effect="pure")

    async def pure(ctx: Context) -> Any:
        return await ctx.tool("step", op, {"n": 1})

    made = workflow(pure, manifest(step=ops("t.f")))
    outcome = run_test(made, {}, {}, str(tmp_path))
    assert (outcome.result, outcome.calls("t.f")) == (2, 1)
    assert run_test(made, {}, {"t.f": [9]}, str(tmp_path)).result == 9


@pytest.mark.parametrize("step", ["deep", "inner.deep"])
def test_asks_are_named_by_their_static_id_or_its_last_part(step: str) -> None:
    outcome = run_test(
        flow(), {"id": "A"}, {"shop.order": [1], "ask triage": [GOOD], f"ask {step}": ["x"], "bank.pay": [1]}
    )
    assert outcome.error is None
    assert outcome.calls(f"ask {step}") == 1


def test_a_whole_agent() -> None:
    tested = run_test(desk(World()), {}, {"run found": [GOOD]})
    assert (tested.result, tested.calls("run found"), tested.calls("turn found")) == (GOOD, 1, 0)
    assert run_test(desk(World()), {}, {"run found": [Fails("refused")]}).error == "refused"
    wrong = run_test(desk(World()), {}, {"run found": [{"verdict": 1}]})
    assert wrong.error == "validation"


def test_the_turns_of_an_agent() -> None:
    turns: list[object] = [Uses(("desk_search", {"text": "a"}), ("desk_file", {"text": "b"})), Fails("timeout")]
    mocks: dict[str, list[object]] = {"turn found": [*turns[:1], GOOD], "desk.search": ["x"], "desk.file": ["y"]}
    tested = run_test(desk(World()), {}, mocks)
    assert tested.result == GOOD
    assert [tested.calls(name) for name in ("run found", "turn found", "desk.search", "desk.file")] == [1, 2, 1, 1]
    assert run_test(desk(World()), {}, mocks | {"turn found": turns}).error == "timeout"
    endless = run_test(desk(World()), {}, mocks | {"turn found": turns[:1]})
    assert (endless.error, endless.calls("turn found"), endless.calls("desk.search")) == ("budget_exceeded", 4, 3)
    unknown = run_test(desk(World()), {}, {})
    assert unknown.failure is not None
    assert "the test has no mock for turn found" in unknown.failure.message
