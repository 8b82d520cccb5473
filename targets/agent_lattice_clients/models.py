"""Which models a client can ask, and by which names."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from agent_lattice import plan
from agent_lattice.records import field, record
from agent_lattice.target import Unoffered

from agent_lattice_clients.exporting import Export


@record
class Offered:
    """What a client offers: by provider the form of a model's name (`{}` is the declared id) and the ids that it knows, the
    default first. `open`: any other id of these providers is taken, too. `spelled`: what the client calls an id in its own way."""

    forms: Mapping[str, str]
    known: Mapping[str, tuple[str, ...]]
    open: bool
    spelled: Mapping[str, str] = field(default_factory=dict)

    def name(self, model: plan.Model) -> str | None:
        """What the client calls a model; None when it cannot ask it."""
        form = self.forms.get(model.provider)
        if form is None or model.base_url is not None:
            return None
        known = self.known.get(model.provider, ())
        return form.format(self.spelled.get(model.model, model.model)) if self.open or model.model in known else None

    def nearest(self, model: plan.Model) -> tuple[str, str] | None:
        """The provider and id of the offered model that is most like this one."""
        ids = self.known.get(model.provider, ())
        close = get_close_matches(model.model, ids, 1, 0.0)
        if close:
            return model.provider, close[0]
        return next(((provider, ids[0]) for provider, ids in self.known.items() if ids), None)


def unoffered(export: Export, offered: Offered, client: str) -> tuple[Unoffered, ...]:
    """Of the models that roles use those that the client cannot ask, each once."""
    asked = {model.name: model for role in export.roles if (model := export.model(role)) is not None}
    return tuple(
        Unoffered(model, client, offered.nearest(model))
        for _, model in sorted(asked.items())
        if offered.name(model) is None
    )
