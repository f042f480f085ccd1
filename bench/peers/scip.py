"""Solves .nl files with SCIP; prints one JSON object by file. Usage: scip.py <limit in seconds> <file.nl>..."""

import json
import os
import sys
import time

import pyscipopt

LIMIT = float(sys.argv[1])


def solve(path):
    model = pyscipopt.Model()
    model.hideOutput()
    model.readProblem(path)
    model.setParam("limits/time", LIMIT)
    model.setParam("limits/gap", 1e-7)
    started_at = time.process_time()
    model.optimize()
    return {
        "objective": model.getObjVal() if model.getNSols() > 0 else None,
        "bound": model.getDualbound(),
        "status": model.getStatus(),
        "seconds": time.process_time() - started_at,
        "nodes": model.getNTotalNodes(),
    }


sink = os.open(os.devnull, os.O_WRONLY)
saved = os.dup(1)
answers = {}
for path in sys.argv[2:]:
    os.dup2(sink, 1)
    try:
        answers[path] = {"scip": solve(path)}
    except Exception as error:
        answers[path] = {"scip": {"error": str(error).splitlines()[0]}}
    finally:
        os.dup2(saved, 1)
print(json.dumps(answers))
