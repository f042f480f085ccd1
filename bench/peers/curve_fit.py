"""Fits accuracy curves with scipy.optimize.curve_fit; reads cases as JSON on standard input, prints them with the fit.

A case: {"family", "directions", "cut", "rows": [[up, down, cut, accuracy], ...], "start": [...]}, parameters in plain
units as sft-opt names them: limit, then for each direction shape(s), scale, decay.
"""

import json
import sys

import numpy as np
import scipy
from scipy.optimize import curve_fit


def loss(family, ratio, shape, scale):
    if family == "power":
        return scale * ratio ** -shape[0]
    if family == "exponential":
        return scale * np.exp(-shape[0] * ratio)
    return scale / (1 + (ratio / shape[0]) ** shape[1])


def model(case):
    shapes = 2 if case["family"] == "logistic" else 1
    decaying = case["cut"] == "decaying"

    def value(rows, *parameters):
        up, down, cut = rows
        rest = list(parameters[1:])
        losses = []
        for ratio in (up, down) if case["directions"] != "one" else (up,):
            shape, scale = rest[:shapes], rest[shapes]
            term = loss(case["family"], ratio, shape, scale)
            rest = rest[shapes + 1 :]
            if decaying:
                term = term * np.exp(-rest[0] * cut)
                rest = rest[1:]
            losses.append(term)
        if case["directions"] == "product":
            return parameters[0] * np.prod([1 - term for term in losses], axis=0)
        return parameters[0] - sum(losses)

    return value


def jacobian(value):
    """Derivatives by complex steps: exact to rounding."""

    def derivatives(rows, *parameters):
        step = 1e-30
        columns = []
        for k in range(len(parameters)):
            moved = np.array(parameters, dtype=complex)
            moved[k] += 1j * step
            columns.append(np.imag(value(rows, *moved)) / step)
        return np.array(columns).T

    return derivatives


cases = json.load(sys.stdin)
for case in cases:
    rows = np.array(case["rows"], dtype=float)
    value = model(case)
    parameters, covariance = curve_fit(
        value,
        rows[:, :3].T,
        rows[:, 3],
        p0=case.pop("start"),
        jac=jacobian(value),
        ftol=1e-15,
        xtol=1e-15,
        gtol=0,
        maxfev=100000,
    )
    case["parameters"] = parameters.tolist()
    case["deviations"] = np.sqrt(np.diag(covariance)).tolist()
print(json.dumps({"scipy": scipy.__version__, "cases": cases}))
