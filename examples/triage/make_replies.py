"""Write replies.json, what a model might answer in a run over the tickets, from decisions.jsonl. `python make_replies.py`.

decisions.jsonl holds, decided by hand, one line for each ticket: its category, `first` where the model answers
something wrong before that, and the mood and drafts of tickets that the model answers itself. A draft that is too long
or that breaks a rule is followed by the next one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Reply = dict[str, Any]


def main() -> None:
    """One line for each reply, in the order of the tickets."""
    lines = (HERE / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    decisions = {decision["ticket"]: decision for decision in map(json.loads, lines)}
    tickets = sorted((HERE / "tickets").glob("*.txt"))
    replies = [
        {**reply, "usage": _usage(ticket, reply)}
        for index, ticket in enumerate(tickets)
        for reply in ticket_replies(f"handled[{index}]", decisions[int(ticket.name.split("-")[0])])
    ]
    text = ",\n".join(f"  {json.dumps(reply, ensure_ascii=False)}" for reply in replies)
    (HERE / "replies.json").write_text(f'{{"replies": [\n{text}\n]}}\n', encoding="utf-8", newline="\n")


def ticket_replies(step: str, decision: dict[str, Any]) -> Iterator[Reply]:
    """The replies to the asks about one ticket, in the order in which they are asked."""
    if "first" in decision:
        yield {"step": f"{step}.category", "text": decision["first"]}
    yield {"step": f"{step}.category", "reply": {key: decision[key] for key in ("kind", "urgency", "language", "gist")}}
    if "drafts" not in decision:
        return
    yield {"step": f"{step}.answered.reading", "reply": {"mood": decision["mood"]}}
    turn = 0
    for draft in decision["drafts"]:
        yield {"step": f"{step}.answered.short[{turn}].draft", "reply": {"text": draft}}
        turn += acceptable(draft)


def acceptable(draft: str) -> bool:
    """Whether the checks of answer.lat let a draft pass; one that fails is followed by another of the same turn."""
    return "://" not in draft and "system prompt" not in draft


def _usage(ticket: Path, reply: Reply) -> dict[str, int]:
    """About a token for four bytes read, and for four characters written."""
    answer = json.dumps(reply.get("reply", reply.get("text")), ensure_ascii=False)
    return {"input_tokens": 90 + min(ticket.stat().st_size, 6000) // 4, "output_tokens": 1 + len(answer) // 4}


if __name__ == "__main__":
    main()
