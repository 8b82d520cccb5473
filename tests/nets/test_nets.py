"""The analyses of nets against a game that visits every marking."""

from __future__ import annotations

import os

from agent_lattice.nets.joins import Joins, Lost
from agent_lattice.nets.net import Net
from agent_lattice.nets.order import Order
from hypothesis import HealthCheck, assume, given, settings
from nets.token_game import Game, nets, sound_waits


def is_plain(net: Net) -> bool:
    """Whether the game decides as the analysis: not where a place is stranded, which is reported by itself, nor where
    several ways meet on their way to nothing but an error, which are to be joined like all others although the game
    would let the error come first."""
    lost = net.reachable - net.finishing
    return not net.stranded and all(len(net.arcs_in[place]) < 2 for place in lost)


MANY = settings(
    max_examples=int(os.environ.get("LATTICE_NETS", "1500")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@MANY
@given(nets())
def test_a_net_is_accepted_exactly_when_some_choice_of_joins_makes_it_sound(net: Net) -> None:
    joins = Joins(net)
    assume(is_plain(net) and not any(isinstance(finding, Lost) for finding in joins.findings))
    sound = sound_waits(net)
    assert (not joins.findings) == bool(sound), (joins.findings, sound)
    if sound:
        assert sound == [frozenset(joins.waits)]


@MANY
@given(nets())
def test_order_and_concurrency_agree_with_the_game(net: Net) -> None:
    joins = Joins(net)
    assume(is_plain(net) and not joins.findings)
    game = Game(net, frozenset(joins.waits))
    game.play()
    order, certain, together = Order(joins), game.certain(), game.together()
    for reader in net.reachable:
        for place in net.reachable - {reader}:
            assert order.before(place, reader) == (place in certain[reader]), (place, reader)
            assert joins.concurrent(place, reader) == ((place, reader) in together), (place, reader)
