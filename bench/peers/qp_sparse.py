"""Solves the sparse programs of bench/qp-sparse.ts by piqp and Clarabel: python3 qp_sparse.py in.json out.json"""

import json
import sys
import time

import clarabel
import numpy as np
import piqp
from scipy import sparse


def read(program):
    matrix = lambda m: sparse.csc_matrix((m["values"], m["rows"], m["starts"]), shape=m["shape"])
    sides = lambda name, absent: np.array([absent if v is None else v for v in program[name]], dtype=float)
    return (
        matrix(program["P"]),
        matrix(program["A"]),
        np.array(program["q"]),
        sides("l", -np.inf),
        sides("u", np.inf),
        sides("lb", -np.inf),
        sides("ub", np.inf),
    )


def by_piqp(P, A, q, l, u, lb, ub):
    equal = l == u
    solver = piqp.SparseSolver()
    solver.settings.eps_abs = 1e-9
    solver.settings.eps_rel = 1e-12
    solver.settings.max_iter = 500
    rows = lambda chosen: A[chosen] if chosen.any() else None
    part = lambda values, chosen: values[chosen] if chosen.any() else None
    solver.setup(P, q, rows(equal), part(l, equal), rows(~equal), part(l, ~equal), part(u, ~equal), lb, ub)
    solver.solve()
    return np.array(solver.result.x), solver.result.info.dual_res


def by_clarabel(P, A, q, l, u, lb, ub):
    equal = l == u
    identity = sparse.identity(len(q), format="csc")
    upper, lower = ~equal & np.isfinite(u), ~equal & np.isfinite(l)
    below, above = np.isfinite(lb), np.isfinite(ub)
    rows = sparse.vstack([A[equal], A[upper], -A[lower], identity[above], -identity[below]], format="csc")
    sides = np.concatenate([u[equal], u[upper], -l[lower], ub[above], -lb[below]])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_feas = settings.tol_gap_abs = settings.tol_gap_rel = 1e-9
    cones = [clarabel.ZeroConeT(int(equal.sum())), clarabel.NonnegativeConeT(len(sides) - int(equal.sum()))]
    solution = clarabel.DefaultSolver(sparse.triu(P, format="csc"), q, rows, sides, cones, settings).solve()
    x, y = np.array(solution.x), np.array(solution.z)
    return x, np.abs(P @ x + q + rows.T @ y).max()


def answer(name, solve, program, repeats):
    P, A, q, l, u, lb, ub = data = read(program)
    started = time.process_time()
    x, dual = solve(*data)
    first = time.process_time() - started
    least = first
    for _ in range(repeats):
        started = time.process_time()
        solve(*data)
        least = min(least, time.process_time() - started)
    violation = max(0, (l - A @ x).max(), (A @ x - u).max(), (lb - x).max(), (x - ub).max())
    difference = abs(0.5 * x @ (P @ x) + q @ x - program["objective"])
    solved = violation <= 1e-6 and dual <= 1e-6 and difference <= 1e-6 * (1 + abs(program["objective"]))
    return {"solver": name, "solved": bool(solved), "firstSeconds": first, "leastSeconds": least}


with open(sys.argv[1]) as file:
    given = json.load(file)
answers = [
    [answer(name, solve, program, given["repeats"]) for name, solve in (("piqp", by_piqp), ("clarabel", by_clarabel))]
    for program in given["programs"]
]
with open(sys.argv[2], "w") as file:
    json.dump(answers, file)
