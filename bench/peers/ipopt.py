"""Solves .nl files with IPOPT (through CasADi), each once; prints one JSON object.

Usage: ipopt.py <limit in seconds> <file.nl>...   Times exclude reading and building.
"""

import json
import sys
import time

import casadi as ca
import numpy as np

LIMIT = float(sys.argv[1])


def solve(path):
    builder = ca.NlpBuilder()
    builder.import_nl(path, {"verbose": False})
    x = ca.vertcat(*builder.x)
    g = ca.vertcat(*builder.g) if builder.g else type(x)(0, 1)
    options = {"ipopt.print_level": 0, "ipopt.sb": "yes", "print_time": False, "ipopt.max_wall_time": LIMIT}
    solver = ca.nlpsol("solver", "ipopt", {"x": x, "f": builder.f, "g": g}, options)
    sides = [np.array(side, dtype=float) for side in (builder.x_lb, builder.x_ub, builder.g_lb, builder.g_ub)]
    start = time.perf_counter()
    result = solver(x0=builder.x_init, lbx=sides[0], ubx=sides[1], lbg=sides[2], ubg=sides[3])
    seconds = time.perf_counter() - start
    stats = solver.stats()
    objective = float(result["f"])
    return {
        "objective": objective if np.isfinite(objective) else None,
        "status": stats["return_status"],
        "iterations": int(stats["iter_count"]),
        "evaluations": int(stats["n_call_nlp_f"]),
        "seconds": seconds,
    }


answers = {}
for file in sys.argv[2:]:
    try:
        answers[file] = solve(file)
    except Exception as error:  # a peer's failure is a result
        answers[file] = {"error": str(error)}
print(json.dumps(answers))
