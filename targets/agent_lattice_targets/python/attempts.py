"""`Try` as a `try` that only keeps the failure; what is done about it stands behind it.

A `finally` of Python would also run where a coroutine is left in the middle of a run: there nothing can be awaited.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_lattice import plan
from agent_lattice.dataflow import leaves

from agent_lattice_targets.python.closures import Closure
from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.scopes import returns

if TYPE_CHECKING:
    from agent_lattice_targets.python.bodies import Body


def attempt(op: plan.Try, place: Place, out: Body) -> None:
    """The statements of a `Try`."""
    if op.finish:
        _finished(op, place, out)
    else:
        _guarded(op, place, out)


def _finished(op: plan.Try, place: Place, out: Body) -> None:
    """What comes before `finish`, its failure kept; `finish`; then the failure, or the `return` that was reached."""
    blocks = (op.body, *(handler.body for handler in op.handlers), op.otherwise)
    closure, targets = None, list[str]()
    if any(map(returns, blocks)):
        made = [binding for binding in out.bindings.of(op).values() if binding.behind]
        closure = Closure(blocks, made, place, out, lambda inside: _guarded(op, inside, out), leaves=leaves((op,)))
        targets = closure.declare(place)
    pending = out.names.fresh("pending")
    out.put(place, f"{pending}: Failure | None = None")
    out.put(place, "try:")
    inner = place.inner()
    if closure is not None:
        closure.call(inner, targets)
    else:
        out.tries += 1
        _guarded(op, inner, out)
        out.tries -= 1
        place.own.update(inner.own)
    _keep(pending, place, out)
    out.block(op.finish, place)
    if not leaves(op.finish):
        _go_on(op, pending, closure, place, out)


def _keep(pending: str, place: Place, out: Body) -> None:
    out.imports.add("Failure")
    out.put(place, "except Failure as failure:")
    out.put(place.inner(), f"{pending} = {place.context}.pending(failure)")


def _go_on(op: plan.Try, pending: str, closure: Closure | None, place: Place, out: Body) -> None:
    """What follows the `finish` of a `Try`."""
    if closure is None and leaves((op,)):
        out.put(place, f"assert {pending} is not None")
        out.put(place, f"raise {pending}")
        return
    out.put(place, f"if {pending} is not None:")
    out.put(place.inner(), f"raise {pending}")
    if closure is not None:
        closure.give(place)


def _guarded(op: plan.Try, place: Place, out: Body) -> None:
    """The body, the handlers and what follows them."""
    if not op.handlers:
        out.inner_block((*op.body, *op.otherwise), place)
        return
    out.imports.add("Failure")
    wanted = out.names.nested("failed", out.tries + 1)  # one inside the body must not be taken for this one
    failed, is_new = place.frame.name_for(wanted, "str", out.names.taken)
    out.put(place, f'{failed}{": str" if is_new else ""} = ""')
    names = _declared(op, place, out)
    out.put(place, "try:")
    inner = place.inner()
    out.tries += 1
    out.inner_block(op.body, inner)
    out.tries -= 1
    place.own.update(inner.own)
    out.put(place, "except Failure as failure:")
    out.statement(place.inner(), f"{failed} = ", _caught(op, place))
    for name in dict.fromkeys(names):
        out.put(place.inner(), f"{name} = {place.context}.error(failure)")
    _handlers(op, failed, place, out)


def _declared(op: plan.Try, place: Place, out: Body) -> list[str]:
    """The Python names of the failure in the handlers, declared with their type."""
    names: list[str] = []
    for handler in op.handlers:
        binding = out.bindings.error(handler)
        if binding is not None:
            name, is_new = out.bind(binding, place)
            names.append(name)
            if is_new:
                out.put(place, f"{name}: {out.annotations.of(binding.type)}")
    return names


def _handlers(op: plan.Try, failed: str, place: Place, out: Body) -> None:
    for at, handler in enumerate(op.handlers):
        only = len(op.handlers) == 1  # what there is no handler for has gone on its way
        out.put(place, f"{'elif' if at else 'if'} {failed if only else _is_for(handler, failed)}:")
        inner = place.inner()
        if (binding := out.bindings.error(handler)) is not None:
            inner.own[binding.name] = out.bound[id(binding)]
        out.inner_block(handler.body, inner)
    if op.otherwise:
        after = place
        if not all(leaves(handler.body) for handler in op.handlers):
            out.put(place, "else:")
            after = place.inner()
        out.inner_block(op.otherwise, after)


def _caught(op: plan.Try, place: Place) -> ast.expr:
    """The class of the failure, if there is a handler for it; else it goes on its way."""
    codes = [ast.Constant(code) for handler in op.handlers for code in handler.codes or ("",)]
    return ast.Call(ast.Attribute(ast.Name(place.context), "caught"), [ast.Name("failure"), *codes], [])


def _is_for(handler: plan.Handler, failed: str) -> str:
    if not handler.codes:
        return failed
    if len(handler.codes) == 1:
        return f'{failed} == "{handler.codes[0]}"'
    listed = ", ".join(f'"{code}"' for code in handler.codes)
    return f"{failed} in ({listed})"
