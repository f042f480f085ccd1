"""Times daqp on dense quadratic programs read as JSON from stdin; writes CPU seconds and objectives as JSON."""

import json
import sys
import time

import daqp
import numpy as np

request = json.load(sys.stdin)


def cpu_seconds(solve, solves_a_block, blocks):
    """Least mean CPU time of a solve over the blocks."""
    best = float("inf")
    for _ in range(blocks):
        started_at = time.process_time()
        for _ in range(solves_a_block):
            solve()
        best = min(best, (time.process_time() - started_at) / solves_a_block)
    return best


answers = []
for problem in request["problems"]:
    n = len(problem["linear"])
    hessian = np.array(problem["hessian"]).reshape(n, n)
    matrix = np.array(problem["matrix"]).reshape(-1, n)
    linear = np.array(problem["linear"])
    upper = np.array(problem["upper"])
    lower = np.full(len(upper), -1e30)
    sense = np.zeros(len(upper), dtype=np.int32)
    model = daqp.Model()

    def once():
        return daqp.solve(hessian, linear, matrix, upper, lower, sense)

    def again():
        model.setup(hessian, linear, matrix, upper, lower, sense)
        return model.solve()

    x, objective, exit_flag, info = once()
    again()
    size = (request["solvesABlock"], request["blocks"])
    answers.append(
        {
            "objective": objective,
            "onceSeconds": cpu_seconds(once, *size),
            "againSeconds": cpu_seconds(again, *size),
            "iterations": info["iterations"],
        }
    )
json.dump(answers, sys.stdout)
