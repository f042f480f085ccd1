"""Divides a band with IPOPT (through CasADi) and SciPy's SLSQP; prints one JSON object.

Usage: bandwidth.py <data.json> <ipopt|slsqp>   Minimises T with floor + linear/b + weight*(x/log1p(x) - 1) <= T, x = scale/b,
sum b <= 1, from equal shares; derivatives are analytic. The time is that of the solve alone, after the problem is built.
"""

import json
import sys
import time

import numpy as np

with open(sys.argv[1]) as file:
    data = json.load(file)
floor, linear, weight, scale = (np.array(data[name]) for name in ("floor", "linear", "weight", "scale"))
n = len(floor)
unit = data["timeScale"]
floor, linear, weight = floor / unit, linear / unit, weight / unit


def delay(b):
    x = scale / b
    return floor + linear / b + weight * (x / np.log1p(x) - 1)


def delay_slope(b):
    x = scale / b
    log = np.log1p(x)
    return -(linear + weight * scale * (1 / log - x / ((1 + x) * log**2))) / b**2


def by_ipopt():
    import casadi as ca

    y = ca.MX.sym("y", n)  # shares in units of 1/n
    t = ca.MX.sym("t")
    b = y / n
    x = ca.DM(scale) / b
    rows = ca.DM(floor) + ca.DM(linear) / b + ca.DM(weight) * (x / ca.log1p(x) - 1) - t
    problem = {"x": ca.vertcat(y, t), "f": t, "g": ca.vertcat(rows, ca.sum1(y) - n)}
    options = {"ipopt.print_level": 0, "print_time": False, "ipopt.tol": 1e-9, "ipopt.sb": "yes"}
    solver = ca.nlpsol("solver", "ipopt", problem, options)
    start = np.append(np.ones(n), delay(np.full(n, 1 / n)).max())
    began = time.perf_counter()
    solution = solver(x0=start, lbx=np.append(np.full(n, 1e-9), -np.inf), ubx=np.inf, lbg=-np.inf, ubg=0)
    elapsed = time.perf_counter() - began
    return elapsed, float(solution["x"][-1]), solver.stats()["return_status"]


def by_slsqp():
    from scipy.optimize import minimize

    def rows(v):
        return np.append(v[-1] - delay(v[:-1] / n), n - v[:-1].sum())

    def rows_slope(v):
        jacobian = np.zeros((n + 1, n + 1))
        jacobian[np.arange(n), np.arange(n)] = -delay_slope(v[:-1] / n) / n
        jacobian[:n, n] = 1
        jacobian[n, :n] = -1
        return jacobian

    gradient = np.append(np.zeros(n), 1.0)
    start = np.append(np.ones(n), delay(np.full(n, 1 / n)).max())
    began = time.perf_counter()
    solution = minimize(
        lambda v: v[-1],
        start,
        jac=lambda v: gradient,
        bounds=[(1e-6, n)] * n + [(None, None)],
        constraints={"type": "ineq", "fun": rows, "jac": rows_slope},
        method="SLSQP",
        options={"ftol": 1e-10, "maxiter": 500},
    )
    return time.perf_counter() - began, float(solution.fun), solution.message


seconds, found, status = by_ipopt() if sys.argv[2] == "ipopt" else by_slsqp()
print(json.dumps({"seconds": seconds, "delay": found * unit, "status": status}))
