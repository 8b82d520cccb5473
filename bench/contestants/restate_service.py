"""The service of Restate on a port of loopback: durable steps in a row, side by side, and in a row with a failure in it."""

import asyncio
import sys
from datetime import timedelta
from time import perf_counter

sys.path.pop(0)  # this folder, whose files are named for the libraries that they use

import restate
from hypercorn.asyncio import serve
from hypercorn.config import Config

SOON = restate.InvocationRetryPolicy(initial_interval=timedelta(milliseconds=10))

AT_ONCE = 1000  # the server awaits no more together

bench = restate.Service("bench")
_failed: set[str] = set()


def add(number: int) -> int:
    return number + 1


@bench.handler()
async def chain(ctx: restate.Context, steps: int) -> int:
    total = 0
    for _ in range(steps):
        total = await ctx.run_typed("add", add, number=total)
    return total


@bench.handler()
async def fan(ctx: restate.Context, width: int) -> int:
    total = 0
    for start in range(0, width, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, width))
        futures = [ctx.run_typed("add", add, number=number) for number in numbers]
        total += sum([await future for future in await restate.gather(*futures)])
    return total


@bench.handler(invocation_retry_policy=SOON)
async def broken(ctx: restate.Context, steps: int) -> float:
    """The server does the run again, with what it has recorded. How long that takes, without the pause before it."""
    begin, name, total = perf_counter(), ctx.request().id, 0
    for step in range(steps):
        if step == steps * 9 // 10 and name not in _failed:
            _failed.add(name)
            raise RuntimeError("as if the process had died here")
        total = await ctx.run_typed("add", add, number=total)
    assert total == steps
    return perf_counter() - begin


config = Config()
config.bind, config.errorlog = [f"127.0.0.1:{sys.argv[1]}"], None
asyncio.run(serve(restate.app([bench]), config))
