"""Solves quadratic programs (JSON files) with daqp and quadprog; prints one JSON object.

Usage: quadratic.py <repetitions> <file.json>...   Times exclude reading and conversion, and one warm-up solve.
"""

import json
import sys
import time

import daqp
import numpy as np
import quadprog

REPETITIONS = int(sys.argv[1])


def dense(matrix):
    out = np.zeros((matrix["rows"], matrix["cols"]))
    for column in range(matrix["cols"]):
        for k in range(matrix["colPtr"][column], matrix["colPtr"][column + 1]):
            out[matrix["rowIdx"][k], column] = matrix["values"][k]
    return out


def side(values, infinite):
    return np.array([infinite if value is None else value for value in values], dtype=float)


def median_time(work):
    work()
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def with_daqp(P, q, A, lower, upper):
    sense = np.where(lower == upper, 5, 0).astype(np.int32)
    call = lambda: daqp.solve(P, q, A, np.minimum(upper, 1e30), np.maximum(lower, -1e30), sense.copy())
    x, _, flag, info = call()
    return {"x": list(map(float, x)), "claimed": bool(flag > 0), "evaluations": int(info["iterations"]), "call": call}


def with_quadprog(P, q, A, lower, upper):
    n = len(q)
    rows = np.vstack([np.eye(n), A])
    equal = lower == upper
    has_lower = np.isfinite(lower) & ~equal
    has_upper = np.isfinite(upper) & ~equal
    C = np.vstack([rows[equal], rows[has_lower], -rows[has_upper]]).T.copy()
    b = np.concatenate([lower[equal], lower[has_lower], -upper[has_upper]])
    call = lambda: quadprog.solve_qp(P.copy(), -q, C, b, int(equal.sum()))
    x, _, _, iterations, _, _ = call()
    return {"x": list(map(float, x)), "claimed": True, "evaluations": int(iterations[0]), "call": call}


def main():
    answers = {}
    for path in sys.argv[2:]:
        with open(path) as file:
            data = json.load(file)
        P, A = dense(data["P"]), dense(data["A"])
        q = np.array(data["q"], dtype=float)
        lower = np.concatenate([side(data["lb"], -np.inf), side(data["l"], -np.inf)])
        upper = np.concatenate([side(data["ub"], np.inf), side(data["u"], np.inf)])
        answers[path] = {}
        for name, method in (("daqp", with_daqp), ("quadprog (C)", with_quadprog)):
            try:
                answer = method(P, q, A, lower, upper)
                call = answer.pop("call")
                answers[path][name] = {**answer, "seconds": median_time(call)}
            except Exception as error:  # a peer's failure is a result
                answers[path][name] = {"error": str(error)}
    print(json.dumps(answers))


main()
