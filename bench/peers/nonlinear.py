"""Solves .nl files with IPOPT (through CasADi) and SciPy's SLSQP; prints one JSON object.

Usage: nonlinear.py <repetitions> <file.nl>...   Times exclude reading and building, and one warm-up solve.
"""

import json
import sys
import time

import casadi as ca
import numpy as np
from scipy.optimize import minimize

REPETITIONS = int(sys.argv[1])


def median_time(work):
    work()
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def load(path):
    builder = ca.NlpBuilder()
    builder.import_nl(path, {"verbose": False})
    x = ca.vertcat(*builder.x)
    g = ca.vertcat(*builder.g) if builder.g else type(x)(0, 1)
    sides = [np.array(side, dtype=float) for side in (builder.x_lb, builder.x_ub, builder.g_lb, builder.g_ub)]
    return x, builder.f, g, np.array(builder.x_init, dtype=float), sides


def with_ipopt(problem):
    x, f, g, start, (lower, upper, row_lower, row_upper) = problem
    options = {"ipopt.print_level": 0, "ipopt.sb": "yes", "print_time": False}
    solver = ca.nlpsol("solver", "ipopt", {"x": x, "f": f, "g": g}, options)
    call = lambda: solver(x0=start, lbx=lower, ubx=upper, lbg=row_lower, ubg=row_upper)
    result = call()
    evaluations = solver.stats()["n_call_nlp_f"]
    seconds = median_time(call)
    return {
        "x": [float(value) for value in np.array(result["x"]).ravel()],
        "claimed": solver.stats()["return_status"] == "Solve_Succeeded",
        "evaluations": evaluations,
        "seconds": seconds,
    }


def with_slsqp(problem):
    x, f, g, start, (lower, upper, row_lower, row_upper) = problem
    value = ca.Function("f", [x], [f])
    gradient = ca.Function("df", [x], [ca.gradient(f, x)])
    rows = ca.Function("g", [x], [g])
    jacobian = ca.Function("dg", [x], [ca.jacobian(g, x)])
    equal = row_lower == row_upper
    has_lower = np.isfinite(row_lower) & ~equal
    has_upper = np.isfinite(row_upper) & ~equal
    dense = lambda matrix: np.array(matrix.full(), dtype=float)
    constraints = []
    if equal.any():
        constraints.append({
            "type": "eq",
            "fun": lambda at: dense(rows(at)).ravel()[equal] - row_lower[equal],
            "jac": lambda at: dense(jacobian(at))[equal],
        })
    if has_lower.any() or has_upper.any():
        constraints.append({
            "type": "ineq",
            "fun": lambda at: np.concatenate([
                dense(rows(at)).ravel()[has_lower] - row_lower[has_lower],
                row_upper[has_upper] - dense(rows(at)).ravel()[has_upper],
            ]),
            "jac": lambda at: np.vstack([dense(jacobian(at))[has_lower], -dense(jacobian(at))[has_upper]]),
        })
    call = lambda: minimize(
        lambda at: float(value(at)),
        start,
        jac=lambda at: dense(gradient(at)).ravel(),
        bounds=list(zip(lower, upper)),
        constraints=constraints,
        method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-9},
    )
    result = call()
    return {
        "x": [float(entry) for entry in result.x],
        "claimed": bool(result.success),
        "evaluations": int(result.nfev),
        "seconds": median_time(call),
    }


def main():
    answers = {}
    for path in sys.argv[2:]:
        problem = load(path)
        answers[path] = {}
        for name, method in (("IPOPT", with_ipopt), ("SciPy SLSQP", with_slsqp)):
            try:
                answers[path][name] = method(problem)
            except Exception as error:  # a peer's failure is a result
                answers[path][name] = {"error": str(error)}
    print(json.dumps(answers))


main()
