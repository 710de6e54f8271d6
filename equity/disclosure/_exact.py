"""The least that can be hidden: an integer program with cuts from the attacker's linear programs.

After Fischetti and Salazar (2001): whatever end of a small cell an attack cannot reach, the duals
of that attack say which cells would have to be hidden for it, at least some of them: a cut.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from equity.disclosure._attack import NEAR, Aims, Attack
from equity.disclosure._solver import Program, Stuck
from equity.disclosure._system import System

ROUNDS = 60  # and so many nodes of each search: beyond that the heuristic is near enough
NODES = 400


def hide_least(system: System, aims: Aims, start: np.ndarray) -> np.ndarray | None:
    """Return the cheapest groups to hide, so that both ends of all of `start` are reached.

    None where it takes more than a fixed amount of work. Other hidden cells may be single-valued
    (then they can be shown again, as everybody knows them).
    """
    k, cells = system.groups, system.cell
    master = Program(
        sparse.csc_array((0, k)),
        np.zeros(0),
        np.zeros(0),
        start.astype(float),
        np.where(aims.fixed & ~start, 0.0, 1.0),
        whole=np.ones(k, dtype=bool),
        options={"mip_rel_gap": 1e-9, "mip_max_nodes": NODES},
    )
    master.cost(aims.weight)
    truth = _truth(system)
    slack = np.where(np.isinf(system.high), system.matrix[:, : len(truth)] @ truth, 0.0)
    ends = [(int(g), w) for g in np.flatnonzero(start) for w in (1, -1)]
    hidden = start.copy()
    attack = Attack(system, aims, hidden)
    for _ in range(ROUNDS):
        cut = False
        for group, way in ends:
            aim = aims.high[group] if way > 0 else aims.low[group]
            reached = attack.reach([(group, way)])[group]
            if way * (reached - aim) >= -NEAR:
                continue
            prices, rows = attack.program.duals()
            price = prices[cells]
            # what can be moved anyway: unknowns down to 0, stages, and what is hidden in any case
            given = prices[: len(truth)] @ truth + rows @ slack
            down = np.maximum(price, 0) * (aims.values - 1)
            given += down[start].sum()
            given += max(-price[group], 0) * (aims.high[group] - aims.values[group])
            least = abs(aim - aims.values[group]) - given
            room = np.where(price < -1e-7, np.inf, down)
            which = np.flatnonzero(~start & ~aims.fixed & (room > 1e-7))
            if least <= 1e-6 or not len(which):
                return None  # rounding has spoilt this cut, or nothing helps
            cut = True
            master.row(which, np.minimum(room[which] / least, 1), 1 - 1e-6, np.inf)
        if not cut:
            return hidden
        try:
            answer = master.solve()
        except Stuck:
            return None
        if answer is None:
            return None
        now = answer > 0.5
        attack.show(np.flatnonzero(hidden & ~now))
        attack.hide(np.flatnonzero(now & ~hidden))
        hidden = now
    return None


def _truth(system: System) -> np.ndarray:
    """Return the true value of each unknown."""
    truth = [part.truth for part in system.parts.values()]
    return np.array([truth[i][row, q] for i, row, q in system.unknown.tolist()], dtype=float)
