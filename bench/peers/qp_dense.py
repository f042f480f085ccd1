"""Times daqp on dense quadratic programs read as JSON from stdin; writes CPU seconds and objectives as JSON."""

import json
import sys
import time

import daqp
import numpy as np

request = json.load(sys.stdin)
answers = []
for problem in request["problems"]:
    n = len(problem["linear"])
    hessian = np.array(problem["hessian"]).reshape(n, n)
    matrix = np.array(problem["matrix"]).reshape(-1, n)
    linear = np.array(problem["linear"])
    upper = np.array(problem["upper"])
    lower = np.full(len(upper), -1e30)
    sense = np.zeros(len(upper), dtype=np.int32)
    for _ in range(3):
        x, objective, exit_flag, info = daqp.solve(hessian, linear, matrix, upper, lower, sense)
    started_at = time.process_time()
    for _ in range(request["repeats"]):
        daqp.solve(hessian, linear, matrix, upper, lower, sense)
    seconds = (time.process_time() - started_at) / request["repeats"]
    answers.append({"objective": objective, "seconds": seconds, "iterations": info["iterations"]})
json.dump(answers, sys.stdout)
