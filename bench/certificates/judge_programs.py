"""Judges certificates of programs, one a line: the second checker, and solvers that have nothing to do with it (HiGHS, Clarabel).

Writes for each line: proven or the reason, then optimal <value>, infeasible, unbounded or unknown.
"""
import itertools
import json
import math
import sys

import clarabel
import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

sys.path.insert(0, "docs/certificate")
import check_certificate  # noqa: E402


def arrays(problem):
    n = len(problem["linear"])
    def dense(part):
        table = np.zeros((len(part), n))
        for i, row in enumerate(part):
            table[i, row["columns"]] = row["values"]
        return table

    side = lambda name, absent: np.array([absent if x is None else x for x in problem[name]], float)
    return (np.array(problem["linear"], float), dense(problem["hessian"]), dense(problem["matrix"]),
            side("constraintLower", -math.inf), side("constraintUpper", math.inf), side("lower", -math.inf), side("upper", math.inf))


def linear(problem, q, a, low, high, lower, upper):
    integrality = np.zeros(len(q))
    integrality[problem["integers"]] = 1
    constraints = [LinearConstraint(a, low, high)] if len(low) else []
    found = milp(q, integrality=integrality, bounds=Bounds(lower, upper), constraints=constraints, options={"mip_rel_gap": 0})
    if found.status == 0:
        return f"optimal {found.fun + problem['constant']!r}"
    if found.status in (3, 4):  # HiGHS may not say which: whether there is a point decides
        point = milp(0 * q, integrality=integrality, bounds=Bounds(lower, upper), constraints=constraints)
        return "unbounded" if point.status == 0 else "infeasible" if point.status == 2 else "unknown"
    return {2: "infeasible"}.get(found.status, "unknown")


def enumerated(problem, q, p, a, low, high, lower, upper):
    ranges = [np.arange(math.ceil(x), math.floor(y) + 1) for x, y in zip(lower, upper)]
    if math.prod(map(len, ranges)) > 2_000_000:
        return "unknown"
    grid = np.array(list(itertools.product(*ranges)), float)
    rows = grid @ a.T
    kept = grid[np.all((rows >= low) & (rows <= high), axis=1)]
    if not len(kept):
        return "infeasible"
    return f"optimal {float(np.min(kept @ q + 0.5 * np.einsum('ij,jk,ik->i', kept, p, kept)) + problem['constant'])!r}"


def quadratic(problem, q, p, a, low, high, lower, upper):
    n = len(q)
    g = np.vstack([a, -a, np.eye(n), -np.eye(n)])
    h = np.concatenate([high, -low, upper, -lower])
    equal = np.concatenate([low == high, np.zeros(len(low), bool), lower == upper, np.zeros(n, bool)])
    inequal = np.isfinite(h) & ~equal & ~np.concatenate([np.zeros(len(low), bool), low == high, np.zeros(n, bool), lower == upper])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    cones = [clarabel.ZeroConeT(int(equal.sum())), clarabel.NonnegativeConeT(int(inequal.sum()))]
    stacked = sparse.csc_matrix(np.vstack([g[equal], g[inequal]]))
    sides = np.concatenate([h[equal], h[inequal]])
    found = clarabel.DefaultSolver(sparse.csc_matrix(np.triu(p)), q, stacked, sides, cones, settings).solve()
    status = str(found.status)
    if status == "Solved":
        return f"optimal {found.obj_val + problem['constant']!r}"
    return {"PrimalInfeasible": "infeasible", "DualInfeasible": "unbounded"}.get(status, "unknown")


def solved(problem):
    q, p, a, low, high, lower, upper = arrays(problem)
    if np.any(low > high) or np.any(lower > upper):
        return "infeasible"
    if not p.any():
        return linear(problem, q, a, low, high, lower, upper)
    if np.linalg.eigvalsh(p)[0] < -1e-6 * abs(p).max():
        return "unknown"
    if problem["integers"]:
        return enumerated(problem, q, p, a, low, high, lower, upper)
    return quadratic(problem, q, p, a, low, high, lower, upper)


for line in sys.stdin:
    certificate = json.loads(line)
    try:
        check_certificate.check(line)
        answer = "proven"
    except check_certificate.Refused as error:
        answer = str(error)
    try:
        print(f"{answer}\t{solved(certificate['problem'])}")
    except Exception as error:  # a solver's failure is no verdict
        print(f"{answer}\tunknown {type(error).__name__}")
