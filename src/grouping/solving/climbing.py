"""Groups of low reduced cost near given ones, many at once: a quick search that promises nothing.

A group is taken to its own best answers. Then, question by question, the likeliest other answers are tried with the
members chosen anew by sorting, and the best answer is kept. Only the members that suit a group's answers best, and
the answers that suit its members best, are looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from grouping.problem import BoolArray, IntArray
    from grouping.solving.pricing import Pricer

_MEMBERS = 40
"""Members that a group may take."""

_ANSWERS = 24
"""Answers to a question that are tried."""

_PASSES = 2


def climb(pricer: Pricer, price: IntArray, sets: BoolArray) -> BoolArray:
    """Return groups near given ones, each once.

    Parameters
    ----------
    price : per item, in units
    sets : groups to start from, rows of a 0/1 matrix, of sizes that are allowed
    """
    rows = np.arange(len(sets))
    inside, things = sets[:, pricer.who], sets[:, pricer.what].astype(np.int64)
    size = inside.sum(axis=1) - pricer.lo
    of, member = np.nonzero(inside)
    begins = np.searchsorted(of, rows)
    likely, answers = [], []
    for level in pricer.levels:
        paid = np.add.reduceat(level.members.T[member], begins, axis=0) + things @ level.things.T
        paid += level.fixed[:, size].T
        few = min(_ANSWERS, paid.shape[1])
        likely.append(np.argpartition(paid, few - 1, axis=1)[:, :few])
        answers.append(paid.argmin(axis=1))
    reduced = pricer.linear - price
    cost = np.repeat(reduced[pricer.who][None, :], len(sets), axis=0)
    for level, answer in zip(pricer.levels, answers, strict=True):
        cost += level.members[answer]
    width = min(max(_MEMBERS, pricer.hi), len(pricer.who))
    who = np.argpartition(np.where(inside, np.iinfo(np.int64).min, cost), width - 1, axis=1)[:, :width]
    members = np.take_along_axis(cost, who, axis=1)
    others = reduced[pricer.what][None, :] + sum(
        (level.things[answer] for level, answer in zip(pricer.levels, answers, strict=True)), np.int64(0)
    )
    others = np.broadcast_to(others, (len(sets), len(pricer.what)))
    base = pricer.by_size[None, :] + sum(
        (level.fixed[answer] for level, answer in zip(pricer.levels, answers, strict=True)), np.int64(0)
    )
    base = np.broadcast_to(base, (len(sets), len(pricer.by_size)))
    seat = None if pricer.seat is None else pricer.seat[who]
    found = []
    for _ in range(_PASSES):
        for level, options, answer in zip(pricer.levels, likely, answers, strict=True):
            members = members - level.members[answer[:, None], who]
            others, base = others - level.things[answer], base - level.fixed[answer]
            tried = members[:, None, :] + level.members[options[:, :, None], who[:, None, :]]
            flat = tried.reshape(-1, width)
            held = None if seat is None else np.repeat(seat, options.shape[1], axis=0)
            values = pricer.values(flat, held)[0].reshape(len(sets), options.shape[1], -1)
            low = (values + base[:, None, :] + level.fixed[options]).min(axis=2)
            low += np.minimum(others[:, None, :] + level.things[options], 0).sum(axis=2)
            answer[:] = options[rows, low.argmin(axis=1)]
            members = members + level.members[answer[:, None], who]
            others, base = others + level.things[answer], base + level.fixed[answer]
        found.append(_chosen(pricer, who, members, others, base, seat))
    every = np.vstack(found)
    _, first = np.unique(np.packbits(every, axis=1), axis=0, return_index=True)
    return every[first]


def _chosen(
    pricer: Pricer, who: IntArray, members: IntArray, things: IntArray, base: IntArray, seat: IntArray | None
) -> BoolArray:
    """Return the best set of each row, given what its items cost under its answers."""
    values, order = pricer.values(members, seat)
    size = pricer.lo + (values + base).argmin(axis=1)
    place = np.arange(members.shape[1])[None, :]
    taken = place < size[:, None]
    if seat is not None:
        cost, held = np.take_along_axis(members, order, axis=1), np.take_along_axis(seat, order, axis=1)
        far = np.iinfo(np.int64).max // 4
        last = np.take_along_axis(cost, size[:, None] - 1, axis=1)[:, 0]
        inside = np.where(taken, held, far).min(axis=1)
        beyond = np.where(place >= size[:, None] - 1, cost + held, far)
        joins = beyond.min(axis=1) - last < inside
        taken[joins, size[joins] - 1] = False
        taken[joins, beyond[joins].argmin(axis=1)] = True
    chosen = np.zeros((len(members), len(pricer.kind.size)), dtype=np.bool_)
    row, at = np.nonzero(taken)
    chosen[row, pricer.who[who[row, order[row, at]]]] = True
    row, at = np.nonzero(things < 0)
    chosen[row, pricer.what[at]] = True
    return chosen
