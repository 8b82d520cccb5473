"""The operation of the tool `help`: the articles of the help pages that fit a ticket."""

from __future__ import annotations

import re

ARTICLES = {
    "billing": {
        "B1": "A payment taken twice is paid back within five working days.",
        "B2": "Tax numbers and addresses are set under Settings > Invoices; changed invoices are sent again.",
        "B3": "Yearly plans can be ended early; the unused months are refunded.",
        "B4": "A new card is used from the next attempt on; an open balance can be paid at once under Settings > Plan.",
        "B5": "Reminders cross with payments; a fee that was charged wrongly is taken back.",
    },
    "account": {
        "A1": "Mails for a new password are sent once in ten minutes and are valid for an hour.",
        "A2": "A lost second factor is reset after a check of the invoice address.",
        "A3": "The owner of a workspace can replace its last administrator under Settings > People > Transfer.",
        "A4": "Single sign-on: an expired certificate is replaced under Settings > Sign-in > Certificate.",
        "A5": "An address that is no longer yours can be changed by support after a check of your identity.",
    },
    "bug": {
        "E1": "Entries that were made offline are never lost; doubled ones can be merged under Reports > Doubled.",
        "E2": "Version 4.18.3 repairs sync conflicts, exports and the dark mode.",
        "E3": "The API v2 was switched off in April; v3 differs in the name of the list of entries.",
        "E4": "An app that does not start keeps its data; support can read it out.",
    },
    "question": {
        "Q1": "Data from other programs is imported with projects and tags, up to 100,000 entries.",
        "Q2": "After a cancellation the data stays for twelve months and can be exported at any time.",
        "Q3": "Logos and fonts of invoices are set under Settings > Invoices; PNG and SVG are fine.",
        "Q4": "Rates, currencies and rounding belong to a client or a project; several are changed at once in the list.",
    },
    "praise": {"P1": "Wishes go to the product team; every one is read."},
}
"""Kind of ticket -> number of the article -> its text."""

MOST = 3


def find(kind: str, gist: str) -> list[dict[str, str]]:
    """Articles of a kind, those with the most words of the gist first."""
    wanted = _words(gist)
    found = sorted(ARTICLES.get(kind, {}).items(), key=lambda entry: (-len(wanted & _words(entry[1])), entry[0]))
    return [{"id": id, "text": text} for id, text in found[:MOST]]


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 3}
