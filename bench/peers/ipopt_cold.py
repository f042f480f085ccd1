"""Reads and solves one .nl file with IPOPT (through CasADi) and prints the processor seconds of that.

Usage: ipopt_cold.py <file.nl>
"""

import json
import sys
import time

import casadi as ca
import numpy as np

before = time.process_time()
builder = ca.NlpBuilder()
builder.import_nl(sys.argv[1], {"verbose": False})
x = ca.vertcat(*builder.x)
g = ca.vertcat(*builder.g) if builder.g else type(x)(0, 1)
options = {"ipopt.print_level": 0, "ipopt.sb": "yes", "print_time": False, "ipopt.max_wall_time": 60}
solver = ca.nlpsol("solver", "ipopt", {"x": x, "f": builder.f, "g": g}, options)
sides = [np.array(side, dtype=float) for side in (builder.x_lb, builder.x_ub, builder.g_lb, builder.g_ub)]
solver(x0=builder.x_init, lbx=sides[0], ubx=sides[1], lbg=sides[2], ubg=sides[3])
seconds = time.process_time() - before
solved = solver.stats()["return_status"] in ("Solve_Succeeded", "Solved_To_Acceptable_Level")
print(json.dumps({"seconds": seconds, "solved": solved}))
