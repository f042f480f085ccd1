"""The part of check_certificate.py on linear and quadratic programs. Fractions of integers: nothing is rounded. Standard library only."""
import math
import re
import sys
from fractions import Fraction as F


if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)


class Refused(Exception):
    """The certificate does not prove what it claims, or is not what the format says."""


def need(met, reason):
    if not met:
        raise Refused(reason)


def members(value, names):
    """The members of an object in that order, None where absent; unknown ones are refused."""
    names = names.split()
    need(isinstance(value, dict) and set(value) <= set(names), f"an object of {', '.join(names)} is expected")
    return [value.get(name) for name in names]


def listed(value, length=None):
    need(isinstance(value, list) and length in (None, len(value)), f"a list of {length or 'any'} entries is expected")
    return value


def number(x):
    need(isinstance(x, float) and math.isfinite(x), "a finite number is expected")
    return F(x)


def integer(x, least, most):
    need(number(x).denominator == 1 and least <= x <= most, f"a whole number from {least} to {most} is expected")
    return int(x)


def matrix(value, rows, columns):
    """Rows of (column, value); entries strictly in order."""
    at, to, values = members(value, "rows columns values")
    places = [(integer(i, 0, rows - 1), integer(j, 0, columns - 1))
              for i, j in zip(listed(at, len(listed(values))), listed(to, len(values)))]
    need(all(a < b for a, b in zip(places, places[1:])), "entries are not in order")
    table = [[] for _ in range(rows)]
    for (i, j), x in zip(places, values):
        table[i].append((j, number(x)))
    return table


def vector(value, over, length):
    def entry(x):
        if isinstance(x, str):
            need(re.fullmatch(r"-?[0-9]{1,100000}", x), "an integer as a text is expected")
            return F(int(x))
        return number(x)

    divisor = F(1) if over is None else entry(over if isinstance(over, str) else None)
    need(divisor > 0, "a positive denominator is expected")
    return [entry(x) / divisor for x in listed(value, length)]


def least(factor, low, high):
    """The least of factor·x over low ≤ x ≤ high; None is −∞."""
    side = low if factor > 0 else high
    return F(0) if factor == 0 else None if side is None else factor * side


class Program:
    def __init__(self, value):
        kind, constant, linear, hessian, rows, row_low, row_high, low, high, integers = members(
            value, "kind constant linear hessian matrix constraintLower constraintUpper lower upper integers")
        need(kind == "quadratic-program", "a quadratic program is expected")
        self.c, self.q = number(constant), [number(x) for x in listed(linear)]
        n, m = len(self.q), len(listed(row_low))
        side = lambda part, length: [None if x is None else number(x) for x in listed(part, length)]
        self.row_low, self.row_high = side(row_low, m), side(row_high, m)
        self.low, self.high = side(low, n), side(high, n)
        self.p, self.rows = matrix(hessian, n, n), matrix(rows, m, n)
        need(all(j <= i for i, row in enumerate(self.p) for j, _ in row), "the lower triangle is expected")
        self.whole = [integer(j, 0, n - 1) for j in listed(integers)]
        need(len(set(self.whole)) == len(self.whole), "an integer is listed twice")
        self.curved = any(self.p)

    def times(self, x):
        """P·x."""
        y = [F(0)] * len(x)
        for i, row in enumerate(self.p):
            for j, value in row:
                y[i] += value * x[j]
                if i != j:
                    y[j] += value * x[i]
        return y


def dot(a, b):
    return sum((x * y for x, y in zip(a, b)), F(0))


def along(row, x):
    return sum((value * x[j] for j, value in row), F(0))


def feasible(program, x, tolerance):
    def keeps(value, low, high):
        slack = lambda side: tolerance * max(1, abs(side))
        return (low is None or value >= low - slack(low)) and (high is None or value <= high + slack(high))

    need(all(x[j].denominator == 1 for j in program.whole), "an integer is not whole")
    need(all(map(keeps, x, program.low, program.high)), "a bound is not kept")
    need(all(keeps(along(row, x), *sides) for row, *sides in zip(program.rows, program.row_low, program.row_high)),
         "a row is not kept")


def check_unbounded(program, value):
    tolerance, over, x, ray_over, ray = members(value, "tolerance over x rayOver ray")
    need(0 <= number(tolerance) <= F(1e-3), "the tolerance is out of range")
    feasible(program, vector(x, over, len(program.q)), number(tolerance))
    d = vector(ray, ray_over, len(program.q))
    stays = lambda step, low, high: (step >= 0 or low is None) and (step <= 0 or high is None)
    need(all(map(stays, d, program.low, program.high)), "the ray leaves a bound")
    need(all(stays(along(row, d), *sides) for row, *sides in zip(program.rows, program.row_low, program.row_high)),
         "the ray leaves a row")
    need(not any(program.times(d)) and dot(program.q, d) < 0, "the objective does not fall along the ray")


def shift_of(program, evidence):
    """S ≥ 0 with P + S shown to be positive semidefinite."""
    n = len(program.q)
    rest = [dict(row) for row in program.p]
    if evidence is None:
        while rest:  # exact LDLᵀ: a row is taken off its Schur complement at a time
            top = rest.pop()
            pivot = top.pop(len(rest), F(0))
            need(pivot > 0 or pivot == 0 and not any(top.values()), "the Hessian is not positive semidefinite")
            for i, a in top.items():
                for j, b in top.items():
                    if j <= i and a and b:
                        rest[i][j] = rest[i].get(j, F(0)) - a * b / pivot
        return [F(0)] * n
    factor, shift = members(evidence, "factor shift")
    shift = [F(0)] * n if shift is None else [number(x) for x in listed(shift, n)]
    need(min(shift, default=0) >= 0, "a shift is negative")
    terms = [(i, j, -a * b) for row in ([] if factor is None else matrix(factor, n, n)) for i, a in row for j, b in row if j <= i]
    for i, j, value in [(i, i, s) for i, s in enumerate(shift)] + terms:
        rest[i][j] = rest[i].get(j, F(0)) + value
    room = [row.get(i, F(0)) for i, row in enumerate(rest)]
    for i, row in enumerate(rest):
        for j, value in row.items():
            if i != j:
                room[i] -= abs(value)
                room[j] -= abs(value)
    need(min(room, default=0) >= 0, "the rest of the Hessian is not diagonally dominant")
    return shift


def dual_value(program, low, high, y, w, shift, cost):
    """A lower bound on the objective (cost 1) or on 0 (cost 0) over box and rows; None is −∞."""
    reduced = [cost * q for q in program.q]
    value = cost * program.c
    if w is not None:
        slope = program.times(w)
        value -= dot(slope, w) / 2
        reduced = [a + b for a, b in zip(reduced, slope)]
    for row, factor in zip(program.rows, y):
        for j, entry in row:
            reduced[j] += entry * factor
    terms = [least(-factor, *sides) for factor, *sides in zip(y, program.row_low, program.row_high)]
    for j, d in enumerate(reduced):
        if cost == 0 or shift[j] == 0:
            terms.append(least(d, low[j], high[j]))
        elif low[j] is None or high[j] is None:
            return None
        else:
            terms.append(min(d * x - shift[j] / 2 * (x - (w[j] if w else 0)) ** 2 for x in (low[j], high[j])))
    return None if None in terms else value + sum(terms, F(0))


def implied(program, low, high, i, variable, side, value):
    """Whether row i and the bounds of its other variables imply this bound."""
    row = dict(program.rows[i])
    own = row.pop(variable, F(0))
    sign = 1 if (own > 0) == (side == "upper") else -1
    limit = program.row_high[i] if sign > 0 else program.row_low[i]
    rest = [least(sign * a, low[j], high[j]) for j, a in row.items()]
    return own != 0 and limit is not None and None not in rest and sign * limit - sum(rest, F(0)) <= sign * own * value


def check_bound(program, value):
    claimed, step, convexity, nodes = members(value, "value step convexity nodes")
    goal = None if claimed is None else number(claimed)
    n, m, whole = len(program.q), len(program.rows), set(program.whole)
    shift = shift_of(program, convexity) if program.curved and goal is not None else [F(0)] * n
    if goal is not None and step is not None:
        step = number(step)
        need(step > 0 and not program.curved and (goal - program.c) % step == 0 and all(
            q == 0 or j in whole and q % step == 0 for j, q in enumerate(program.q)), "the objective does not move in these steps")
    low = [math.ceil(x) if j in whole and x is not None else x for j, x in enumerate(program.low)]
    high = [math.floor(x) if j in whole and x is not None else x for j, x in enumerate(program.high)]
    trail, stack, seen = [], [(0, 0, None)], set()

    def tighten(j, side, x):
        x = x if j not in whole else F(math.ceil(x) if side == "lower" else math.floor(x))
        sides = low if side == "lower" else high
        if sides[j] is None or (x > sides[j] if side == "lower" else x < sides[j]):
            trail.append((sides, j, sides[j]))
            sides[j] = x

    need(len(listed(nodes)) > 0, "there is no node")
    while stack:
        index, mark, change = stack.pop()
        while len(trail) > mark:
            sides, j, x = trail.pop()
            sides[j] = x
        if change:
            tighten(*change)
        need(index not in seen, "a node has two parents")
        seen.add(index)
        kinds = "split tighten dual ray empty"
        node = [(kind, part) for kind, part in zip(kinds.split(), members(nodes[index], kinds)) if part is not None]
        need(len(node) == 1, f"a node is one of {kinds}")
        (kind, part), = node
        later = lambda child: integer(child, index + 1, len(nodes) - 1)
        if kind == "split":
            variable, at, below, above = members(part, "variable at below above")
            need(integer(variable, 0, n - 1) in whole, "a variable that is branched on is no integer")
            at = integer(at, 1 - 2**53, 2**53 - 1)
            stack.append((later(above), len(trail), (int(variable), "lower", F(at + 1))))
            stack.append((later(below), len(trail), (int(variable), "upper", F(at))))
        elif kind == "tighten":
            steps, after = members(part, "steps next")
            for entry in listed(steps):
                row, variable, side, x = members(entry, "row variable side value")
                need(side in ("lower", "upper"), "a side is lower or upper")
                row, variable = integer(row, 0, m - 1), integer(variable, 0, n - 1)
                need(implied(program, low, high, row, variable, side, number(x)), "a bound is not implied")
                tighten(variable, side, number(x))
            stack.append((later(after), len(trail), None))
        elif kind == "empty":
            variable, row = members(part, "variable row")
            need((variable is None) != (row is None), "a variable or a row is expected")
            a, b = (program.row_low, program.row_high) if variable is None else (low, high)
            k = integer(row if variable is None else variable, 0, len(a) - 1)
            need(a[k] is not None and b[k] is not None and a[k] > b[k], "sides do not cross")
        else:
            over, y, w = members(part, "over rows at")
            y, w = vector(y, over, m), None if w is None else vector(w, over, n)
            need(kind == "dual" if goal is not None and kind == "dual" else kind == "ray" and w is None, "the wrong kind of leaf")
            bound = dual_value(program, low, high, y, w, shift, int(kind == "dual"))
            need(bound is not None and (bound > 0 if kind == "ray" else bound > goal - step if step else bound >= goal),
                 "a leaf does not prove what it should")
    return math.inf if goal is None else goal


def check(problem, claims):
    """What is proven: a point's value and tolerance, a bound, whether the objective is unbounded."""
    program = Program(problem)
    point, bound, unbounded = members(claims, "point bound unbounded")
    need(not (point is bound is unbounded is None), "nothing is claimed")
    if unbounded is not None:
        need(point is None and bound is None, "`unbounded` stands alone")
        check_unbounded(program, unbounded)
        return None, None, True
    if point is not None:
        value, tolerance, over, x = members(point, "value tolerance over x")
        value, tolerance, x = number(value), number(tolerance), vector(x, over, len(program.q))
        need(0 <= tolerance <= F(1e-3), "the tolerance is out of range")
        feasible(program, x, tolerance)
        need(dot(program.times(x), x) / 2 + dot(program.q, x) + program.c <= value, "the objective of the point is larger")
    least_value = None if bound is None else check_bound(program, bound)
    need(point is None or least_value is None or tolerance > 0 or value >= least_value, "the point is better than the bound")
    return None if point is None else float(value), least_value if least_value is None else float(least_value), False
