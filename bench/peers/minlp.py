"""Solves mixed-integer .nl files with Bonmin (through CasADi) and SCIP; prints one JSON object by file and solver.

Usage: minlp.py <limit in seconds> <file.nl>...   A solver that is not installed is left out.
"""

import json
import os
import sys
import time

LIMIT = float(sys.argv[1])

try:
    import casadi as ca
except ImportError:
    ca = None
try:
    import pyscipopt
except ImportError:
    pyscipopt = None


def quietly(work):
    """Runs with the process's standard output thrown away: solvers write to it from C."""
    saved = os.dup(1)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    try:
        return work()
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(sink)


def with_bonmin(path, algorithm):
    builder = ca.NlpBuilder()
    builder.import_nl(path, {"verbose": False})
    x = ca.vertcat(*builder.x)
    g = ca.vertcat(*builder.g) if builder.g else type(x)(0, 1)
    options = {
        "discrete": [bool(value) for value in builder.discrete],
        "print_time": False,
        "bonmin.bb_log_level": 0,
        "bonmin.nlp_log_level": 0,
        "bonmin.algorithm": algorithm,
        "bonmin.time_limit": LIMIT,
    }
    solver = ca.nlpsol("solver", "bonmin", {"x": x, "f": builder.f, "g": g}, options)
    started_at = time.perf_counter()
    result = solver(x0=builder.x_init, lbx=builder.x_lb, ubx=builder.x_ub, lbg=builder.g_lb, ubg=builder.g_ub)
    seconds = time.perf_counter() - started_at
    stats = solver.stats()
    return {"objective": float(result["f"]), "status": str(stats["return_status"]), "seconds": seconds}


def with_scip(path):
    model = pyscipopt.Model()
    model.hideOutput()
    model.readProblem(path)
    model.setParam("limits/time", LIMIT)
    model.setParam("limits/gap", 1e-7)
    started_at = time.perf_counter()
    model.optimize()
    seconds = time.perf_counter() - started_at
    found = model.getNSols() > 0
    return {
        "objective": model.getObjVal() if found else None,
        "bound": model.getDualbound(),
        "status": model.getStatus(),
        "seconds": seconds,
        "nodes": model.getNTotalNodes(),
    }


solvers = {}
if ca is not None and ca.has_nlpsol("bonmin"):
    solvers["bonmin B-BB"] = lambda path: with_bonmin(path, "B-BB")
    solvers["bonmin B-OA"] = lambda path: with_bonmin(path, "B-OA")
if pyscipopt is not None:
    solvers["scip"] = with_scip
if not solvers:
    sys.exit("neither casadi with Bonmin nor pyscipopt is installed")

answers = {}
for path in sys.argv[2:]:
    answers[path] = {}
    for name, solve in solvers.items():
        try:
            answers[path][name] = quietly(lambda: solve(path))
        except Exception as error:
            answers[path][name] = {"error": str(error).splitlines()[0]}
print(json.dumps(answers))
