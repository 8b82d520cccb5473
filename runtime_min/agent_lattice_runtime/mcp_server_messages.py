"""The messages of a client, taken one after the other: what is asked is answered, what takes long in a thread of its own."""

from __future__ import annotations

from threading import Lock, Thread
from time import monotonic

from .errors import Failure
from .mcp_server_methods import BATCHES, Methods, Request
from .mcp_server_runs import defect
from .mcp_server_wire import (
    BUSY,
    INTERNAL,
    INVALID_PARAMS,
    INVALID_REQUEST,
    NO_METHOD,
    RpcError,
    Wire,
    decoded,
    failure,
    is_id,
    success,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .mcp_server_wire import Message
    from .models import Workflow

    Method = Callable[[Request], Mapping[str, Any]]
    Answered = Callable[[object, Message], None]  # the id that it has, and the answer
    Reply = Callable[[Message | None], None]  # called once for every message, with None when there is no answer

MOST = 64  # requests that are answered at a time


class Server:
    """Takes the messages of one client and answers them by `methods`; `answered` is told what the client answers."""

    def __init__(self, wire: Wire, methods: Methods, workflow: Workflow, answered: Answered | None = None) -> None:
        self._wire = wire
        self._methods = methods
        self._workflow = workflow
        self._answered = answered
        self._requests: dict[object, Request] = {}
        self._threads: dict[object, Thread] = {}
        self._lock = Lock()

    def take(self, line: bytes) -> None:
        """Answer what a line holds, whatever that is."""
        try:
            message = decoded(line)
            if isinstance(message, list):
                self._take_batch(message)
            else:
                self._take_message(message, self._send)
        except RpcError as error:
            self._wire.send(failure(None, error))

    def close(self, patience: float) -> None:
        """Wait at most `patience` seconds for the answers that are still to come."""
        end = monotonic() + patience
        for thread in tuple(self._threads.values()):
            thread.join(max(0.0, end - monotonic()))

    def _send(self, answer: Message | None) -> None:
        if answer is not None:
            self._wire.send(answer)

    def _take_batch(self, messages: list[object]) -> None:
        if self._methods.version != BATCHES:
            raise RpcError(INVALID_REQUEST, f"version {self._methods.version} of the protocol has no batches")
        if not messages:
            raise RpcError(INVALID_REQUEST, "the batch is empty")
        batch = _Batch(len(messages), self._wire)
        for message in messages:
            self._take_message(message, batch.reply)

    def _take_message(self, message: object, reply: Reply) -> None:
        if not isinstance(message, dict):
            reply(failure(None, RpcError(INVALID_REQUEST, "a message is an object")))
            return
        id, method = message.get("id"), message.get("method")
        if "method" not in message and ("result" in message or "error" in message):
            if self._answered is not None:
                self._answered(id, message)
            reply(None)
        elif message.get("jsonrpc") != "2.0" or not isinstance(method, str) or ("id" in message and not is_id(id)):
            what = 'a request has "jsonrpc": "2.0", a method, and an id that is a string or an integer'
            reply(failure(id if is_id(id) else None, RpcError(INVALID_REQUEST, what)))
        elif "id" not in message:
            self._notified(method, message.get("params"))
            reply(None)
        else:
            self._requested(Request(id, message.get("params", {})), method, reply)

    def _notified(self, method: str, params: Any) -> None:
        """Of notifications only that of a cancelled request has consequences."""
        if method != "notifications/cancelled" or not isinstance(params, dict) or not is_id(params.get("requestId")):
            return
        request = self._requests.get(_key(params["requestId"]))
        if request is not None:
            reason = params.get("reason")
            request.cancel(f"the client cancelled the call{f': {reason}' if isinstance(reason, str) else ''}")

    def _requested(self, request: Request, method: str, reply: Reply) -> None:
        methods = self._methods
        try:
            if method not in methods.quick and method not in methods.slow:
                raise RpcError(NO_METHOD, f"there is no method {method}")
            if not isinstance(request.params, dict):
                raise RpcError(INVALID_PARAMS, "params is an object")
            if method in methods.quick:
                reply(self._outcome(request, lambda request: methods.quick[method](request.params)))
                return
            thread = Thread(target=self._answer, args=(request, methods.slow[method], reply), daemon=True)
            self._register(request, thread)
        except RpcError as error:
            reply(failure(request.id, error))
        else:
            thread.start()

    def _register(self, request: Request, thread: Thread) -> None:
        key = _key(request.id)
        with self._lock:
            if key in self._requests:
                raise RpcError(INVALID_REQUEST, "a request with this id is being answered")
            if len(self._requests) >= MOST:
                raise RpcError(BUSY, f"{MOST} requests are being answered already")
            self._requests[key], self._threads[key] = request, thread

    def _outcome(self, request: Request, method: Method) -> Message:
        try:
            return success(request.id, self._methods.suited(method(request)))
        except RpcError as error:
            return failure(request.id, error)
        except Failure as error:
            return failure(request.id, RpcError(INTERNAL, str(error)))
        except Exception as error:
            return failure(request.id, RpcError(INTERNAL, defect(self._workflow, error).message))

    def _answer(self, request: Request, method: Method, reply: Reply) -> None:
        answer = self._outcome(request, method)
        key = _key(request.id)
        with self._lock:
            del self._requests[key], self._threads[key]
        reply(answer if request.cancelled is None else None)


class _Batch:
    """Collects the answers to the messages of a batch and sends them together."""

    def __init__(self, count: int, wire: Wire) -> None:
        self._left = count
        self._wire = wire
        self._answers: list[Message] = []
        self._lock = Lock()

    def reply(self, answer: Message | None) -> None:
        with self._lock:
            self._left -= 1
            if answer is not None:
                self._answers.append(answer)
            if self._left == 0 and self._answers:
                self._wire.send(self._answers)


def _key(id: object) -> tuple[type, object]:
    return type(id), id
