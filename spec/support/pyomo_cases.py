"""Solves small models through Pyomo with the given executable and prints what came back as JSON."""

import json
import sys

import pyomo.environ as pyo


def with_suffixes(model):
    for name in ("dual", "rc", "ipopt_zL_out", "ipopt_zU_out"):
        setattr(model, name, pyo.Suffix(direction=pyo.Suffix.IMPORT))
    return model


def linear():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(within=pyo.NonNegativeReals)
    model.y = pyo.Var(within=pyo.NonNegativeReals)
    model.plant1 = pyo.Constraint(expr=model.x <= 4)
    model.plant2 = pyo.Constraint(expr=2 * model.y <= 12)
    model.plant3 = pyo.Constraint(expr=3 * model.x + 2 * model.y <= 18)
    model.profit = pyo.Objective(expr=3 * model.x + 5 * model.y, sense=pyo.maximize)
    return with_suffixes(model)


def quadratic():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 0.5))
    model.y = pyo.Var(bounds=(0, None))
    model.total = pyo.Constraint(expr=model.x + model.y == 2)
    model.cost = pyo.Objective(expr=(model.x - 3) ** 2 + 2 * model.y**2 + model.x * model.y + 7)
    return with_suffixes(model)


def nonlinear():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(4), bounds=(1, 5))
    for index, value in enumerate((1, 5, 5, 1)):
        model.x[index] = value
    x = model.x
    model.product = pyo.Constraint(expr=x[0] * x[1] * x[2] * x[3] >= 25)
    model.squares = pyo.Constraint(expr=sum(x[k] ** 2 for k in range(4)) == 40)
    model.cost = pyo.Objective(expr=x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2])
    return with_suffixes(model)


def mixed_integer():
    model = pyo.ConcreteModel()
    model.open = pyo.Var(range(3), within=pyo.Binary)
    model.size = pyo.Var(range(3), bounds=(0, 3))
    model.count = pyo.Var(within=pyo.NonNegativeIntegers, bounds=(0, 7))
    model.limit = pyo.Constraint(range(3), rule=lambda m, k: m.size[k] <= 3 * m.open[k])
    model.demand = pyo.Constraint(expr=sum(model.size[k] for k in range(3)) + 0.5 * model.count >= 5.2)
    model.cost = pyo.Objective(
        expr=sum((k + 1) * model.open[k] for k in range(3))
        + sum(0.3 * (k + 1) * model.size[k] ** 2 for k in range(3))
        + 0.15 * pyo.exp(0.6 * model.count)
    )
    return model


def infeasible():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.y = pyo.Var(bounds=(0, 1))
    model.far = pyo.Constraint(expr=model.x + model.y >= 3)
    model.cost = pyo.Objective(expr=model.x**2 + model.y)
    return model


def unbounded():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, None))
    model.y = pyo.Var(bounds=(0, None))
    model.row = pyo.Constraint(expr=model.x - model.y <= 1)
    model.cost = pyo.Objective(expr=-model.x - model.y)
    return model


def valley():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(initialize=-1.2)
    model.y = pyo.Var(initialize=1)
    model.cost = pyo.Objective(expr=100 * (model.y - model.x**2) ** 2 + (1 - model.x) ** 2)
    return model


def values_of(suffix):
    return {key.name: value for key, value in suffix.items() if key is not None}


def solve(solver, model, **options):
    results = solver.solve(model, load_solutions=True, options=options)
    answer = {
        "status": str(results.solver.status),
        "condition": str(results.solver.termination_condition),
        "message": str(results.solver.message),
        "values": {variable.name: variable.value for variable in model.component_data_objects(pyo.Var)},
        "objective": pyo.value(next(model.component_data_objects(pyo.Objective)), exception=False),
    }
    for name in ("dual", "rc", "ipopt_zL_out", "ipopt_zU_out"):
        if hasattr(model, name):
            answer[name] = values_of(getattr(model, name))
    return answer


def warm_started(solver):
    """Solves, hands everything that came back to a second solve, and tells the message of both."""
    model = nonlinear()
    model.del_component(model.dual)
    model.dual = pyo.Suffix(direction=pyo.Suffix.IMPORT_EXPORT)
    model.ipopt_zL_in = pyo.Suffix(direction=pyo.Suffix.EXPORT)
    model.ipopt_zU_in = pyo.Suffix(direction=pyo.Suffix.EXPORT)
    first = solve(solver, model, method="sqp")
    model.ipopt_zL_in.update(model.ipopt_zL_out)
    model.ipopt_zU_in.update(model.ipopt_zU_out)
    second = solve(solver, model, method="sqp")
    return {"first": first, "second": second}


def main():
    solver = pyo.SolverFactory(sys.argv[1])
    answers = {"available": bool(solver.available()), "version": list(solver.version())}
    cases = {
        "linear": (linear, {}),
        "quadratic": (quadratic, {"tol": 1e-9}),
        "nonlinear": (nonlinear, {"method": "sqp"}),
        "nonlinearByAuglag": (nonlinear, {"method": "auglag"}),
        "mixedInteger": (mixed_integer, {}),
        "infeasible": (infeasible, {}),
        "unbounded": (unbounded, {}),
        "limit": (valley, {"maxiter": 2, "method": "sqp"}),
        "timeLimit": (valley, {"timelimit": 1e-9, "method": "sqp"}),
    }
    for name, (build, options) in cases.items():
        try:
            answers[name] = solve(solver, build(), **options)
        except (ValueError, RuntimeError) as error:
            answers[name] = {"condition": "exception", "message": str(error)}
    answers["warmStart"] = warm_started(solver)
    model = nonlinear()
    solver.solve(model, symbolic_solver_labels=True)
    answers["symbolicLabels"] = {"objective": pyo.value(model.cost)}
    print(json.dumps(answers))


main()
