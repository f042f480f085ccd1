#!/usr/bin/env python3
"""A second checker of sft-opt certificates, written from README.md beside it. Needs Python 3.11 and mpmath.

    python3 check_certificate.py proof.json      exit code 0: proven, 3: refused, 2: unreadable
"""
import hashlib
import itertools
import json
import math
import operator
import re
import sys
from collections import ChainMap, Counter
from decimal import Decimal
from fractions import Fraction as F
from functools import lru_cache
from types import SimpleNamespace

from mpmath import iv

sys.set_int_max_str_digits(0)
iv.prec, ZERO, INF = 160, iv.mpf(0), math.inf
MAXIMUM_LENGTH, MAXIMUM_MARKS, MAXIMUM_WORK = 128 * 2**20, 16_000_000, 5e7


class Refused(Exception):
    """The certificate does not prove what it claims, or is not what the format says."""


def need(met, reason):
    if not met:
        raise Refused(reason)


def read(value, shape, lengths=None):
    """A value of a shape: {member: shape}, absent: null; (shape, what null means); [shape]; [shape, name],
    where lists of a name are as long as the first one in the object; or a function that reads it."""
    if isinstance(shape, dict):
        need(isinstance(value, dict) and value.keys() <= shape.keys(), f"not an object of {', '.join(shape)}")
        inner = ChainMap({}, lengths or {})
        return SimpleNamespace(**{name: read(value.get(name), part, inner) for name, part in shape.items()})
    if isinstance(shape, tuple):
        return shape[1] if value is None else read(value, shape[0], lengths)
    if isinstance(shape, list):
        need(isinstance(value, list), "a list is expected")
        for name in shape[1:]:
            need(len(value) == lengths.setdefault(name, len(value)), f"another number of {name} is expected")
        return [read(entry, shape[0], lengths) for entry in value]
    return shape(value)


def such(test, what, kind=lambda x: x):
    def reader(x):
        need(test(x), f"{what} is expected")
        return kind(x)
    return reader


TEXT = such(lambda x: isinstance(x, str), "a text")
FLAG = such(lambda x: isinstance(x, bool), "true or false")
NODE = such(lambda x: isinstance(x, dict), "an object")
ANY = such(lambda x: isinstance(x, float) and (x == 0 or 1e-50 <= abs(x) <= 1e50), "0 or one of 1e-50 … 1e50")
WHOLE = such(lambda x: abs(ANY(x)) < 2**53 and x == int(x), "a whole number", int)
INDEX = such(lambda x: WHOLE(x) >= 0, "an index", int)
FROM_0 = such(lambda x: ANY(x) >= 0, "a number of 0 or more")
POSITIVE = such(lambda x: ANY(x) > 0, "a number above 0")
EXACT = such(lambda x: isinstance(x, float) and math.isfinite(x), "a finite number", F)
RATIONAL = such(lambda x: isinstance(x, str) and re.fullmatch("-?[0-9]{1,100000}", x) or EXACT(x) is not None,
                "a finite number or an integer as a text", F)
DIVISOR = such(lambda x: isinstance(x, str) and RATIONAL(x) >= 0, "an integer of 0 or more as a text", F)


def dot(a, b):
    return sum(map(operator.mul, a, b))


def canonical(value):
    """JSON as RFC 8785 writes it; names of members are ASCII."""
    if isinstance(value, dict):
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if not isinstance(value, float):
        return json.dumps(value, ensure_ascii=False)
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return format(Decimal(repr(value or 0.0)).normalize(), "f")
    return re.sub(r"e([+-])0?", r"e\1", repr(value))


def walk(nodes, root, divide):
    """Nodes in the order in which a stack takes parts; each leaves those into which it divides its own."""
    stack = [root]
    for node in nodes:
        need(stack, "more nodes than parts")
        stack += divide(node, stack.pop())
    need(not stack, "a part is left without a node")


def law(value):
    """A function of a share and a limit of efficiency: 1/R, and slopes of lines below it, left and right."""
    given = read(value, {"usedHertz": POSITIVE, "efficiencyLimit": (POSITIVE, INF), "snr": [POSITIVE]})
    need(given.efficiencyLimit < INF or given.snr, "a limit or samples are expected")

    def sample(cap, a, b):
        z = a / b
        log = iv.log(1 + z)
        own = iv.log(2) / (b * log)
        slope = -own * (log - z / (1 + z)) / (b * log)
        least, left, right = own.a, slope, slope
        if abs(float(cap.a) - float(own.a)) <= 1e-6 * float(own.a):
            least, left = min(cap.a, own.a), -cap / b
        elif cap.a > own.a:
            least, left, right = cap.a, -cap / b, -cap / b
        return iv.mpf([least, max(cap.b, own.b)]), left, right

    @lru_cache(maxsize=None)
    def line(b, limit):
        eta = min(given.efficiencyLimit, limit)
        cap = ZERO if eta == INF else 1 / (eta * b)
        lines = [sample(cap, a, b) for a in given.snr] or [(cap, -cap / b, -cap / b)]
        return [sum(part) / (len(lines) * iv.mpf(given.usedHertz)) for part in zip(*lines)]
    return line


LIMIT = {"name": TEXT, "most": ANY, "size": FROM_0}
CHOICES = {
    **dict.fromkeys(("blocks", "upPoint", "downPoint"), [ANY, "choices"]),
    **dict.fromkeys(("seconds", "uplinkBits", "downlinkBits"), [[FROM_0, "choices"], "stages"]),
    "serverSeconds": [FROM_0, "choices"], "sharedUse": [[ANY, "choices"], "limits"],
    "ownUse": [[ANY, "choices"], "own limits"], "uplinkEfficiencyLimit": [(POSITIVE, INF), "choices"],
}
DEVICE = {
    "name": TEXT, "optional": FLAG, "leastShare": FROM_0, "mostShare": (FROM_0, INF), "uplink": law,
    "downlink": law, "leftOutUse": [ANY, "limits"], "limits": [LIMIT, "own limits"], "choices": CHOICES,
}
PROBLEM = {
    "kind": TEXT, "isBatched": FLAG, "stages": [POSITIVE, "stages"], "aggregationSeconds": FROM_0,
    "deadlineSeconds": (FROM_0, INF), "shares": FROM_0, "hasWholeShares": FLAG, "limits": [LIMIT, "limits"],
    "limitTolerance": such(lambda x: 0 <= ANY(x) <= 1e-6, "a number from 0 to 1e-6"),
    "devices": [DEVICE, "devices"],
}
DECISION = {"choice": INDEX, "share": POSITIVE, "serverShare": FROM_0}
PLAN = {"roundSeconds": FROM_0, "slack": FROM_0, "devices": [(DECISION, None), "devices"]}
BOUND = {"roundSeconds": (FROM_0, INF), "byStages": FLAG, "nodes": [NODE]}
WITNESSES = ([[(FROM_0, None)], "devices"], None)
PROOF = {"prices": [FROM_0, "prices"], "at": WITNESSES, "stage": WITNESSES, "without": [[WHOLE], "devices"]}


class Problem:
    """A resolved problem, and plans of it."""

    def __init__(self, value):
        self.__dict__.update(read(value, PROBLEM).__dict__)
        need(self.stages == [1] or self.isBatched and 1 <= len(self.stages) <= 3, "other stages are expected")
        need(self.devices and not (self.hasWholeShares and self.shares > 2**52), "no device, too many shares")
        self.slack = iv.mpf(self.limitTolerance)
        up, down = (math.ceil, math.floor) if self.hasWholeShares else (iv.mpf, iv.mpf)
        self.most = iv.mpf(down((self.shares * (1 + self.slack)).b))
        for device in self.devices:
            of, most = device.choices, (device.mostShare * (1 + self.slack)).b
            device.most = self.most if most >= self.most else iv.mpf(down(most))
            device.least = iv.mpf(up((device.leastShare * (1 - self.slack)).a))
            ends = [(limit.most + self.slack * limit.size).b for limit in device.limits]
            count = len(of.blocks) if 0 < device.most >= device.least else 0
            device.open = [j for j in range(count) if all(row[j] <= end for row, end in zip(of.ownUse, ends))]
            device.costs = [*of.seconds, *of.uplinkBits, *of.downlinkBits, of.serverSeconds, *of.sharedUse,
                            *of.ownUse, [-limit for limit in of.uplinkEfficiencyLimit]]

    def loads(self, of, j, by_stages):
        """Seconds, bits up and bits down of each stage, or of all one after another."""
        parts = [[iv.mpf(row[j]) for row in rows] for rows in zip(of.seconds, of.uplinkBits, of.downlinkBits)]
        return parts if by_stages else [[dot(self.stages, column) for column in zip(*parts)]]

    def check(self, value):
        claims = read(value, {"plan": (PLAN, None), "bound": (BOUND, None)}, {"devices": len(self.devices)})
        plan, bound = claims.plan, claims.bound
        need(plan or bound, "nothing is claimed")
        return plan and self.check_plan(plan), bound and Bound(self, bound).proven, None

    def check_plan(self, claim):
        slack, band, server, batch = iv.mpf(claim.slack), ZERO, ZERO, ZERO
        longest, used = [ZERO] * len(self.stages), [ZERO] * len(self.limits)

        def keep(what, found, limit):
            need(iv.mpf(found).b <= iv.mpf(limit).a, f"not shown to keep: {what}")

        keep("tolerance", slack, self.slack)
        need(any(claim.devices), "not shown to keep: participation")
        for device, own in zip(self.devices, claim.devices):
            need(own or device.optional, "not shown to keep: participation")
            use = [row[own.choice] for row in device.choices.sharedUse] if own else device.leftOutUse
            used = [x + y for x, y in zip(used, use)]
            if not own:
                continue
            of, j, share = device.choices, own.choice, iv.mpf(own.share)
            need(not self.hasWholeShares or own.share == int(own.share), "not shown to keep: whole shares")
            keep("least share", device.leastShare * (1 - slack), share)
            keep("largest share", share, device.mostShare * (1 + slack))
            for limit, row in zip(device.limits, of.ownUse):
                keep(limit.name, row[j], limit.most + slack * limit.size)
            band, work = band + share, iv.mpf(of.serverSeconds[j])
            if self.isBatched:
                batch, work = batch + work, ZERO
            elif work > 0:
                server, work = server + own.serverShare, work / own.serverShare
            times = [time_of(device, j, load, share)[0] + work for load in self.loads(of, j, True)]
            longest = [max(x, time.b) for x, time in zip(longest, times)]
        keep("shares", band, self.shares * (1 + slack))
        keep("server share", server, 1 + slack)
        for found, limit in zip(used, self.limits):
            keep(limit.name, found, limit.most + slack * limit.size)
        total = batch + self.aggregationSeconds + dot(self.stages, longest)
        keep("round delay", total, claim.roundSeconds)
        keep("deadline", total, self.deadlineSeconds * (1 + slack))
        return claim.roundSeconds


def time_of(device, j, load, share):
    """The time that a load takes, and slopes of lines below it towards smaller and towards larger shares."""
    up, down = device.uplink(share, device.choices.uplinkEfficiencyLimit[j]), device.downlink(share, INF)
    value, *slopes = (load[1] * x + load[2] * y for x, y in zip(up, down))
    return load[0] + value, *slopes


class Bound:
    """The claim that no plan has a round of so many seconds or less."""

    def __init__(self, problem, claim):
        self.problem, self.by_stages = problem, claim.byStages
        self.figures = lru_cache(maxsize=None)(self.figures)
        self.seconds = (claim.roundSeconds - iv.mpf(problem.aggregationSeconds)).b
        self.factors = [iv.mpf(factor) for factor in problem.stages] if claim.byStages else [iv.mpf(1)]
        spans = [max(ZERO, (self.seconds / factor).b) for factor in self.factors]
        low, high = ([ZERO] * len(spans), spans) if problem.isBatched else ([self.seconds], [self.seconds])
        opened = [[-1] * device.optional + device.open for device in problem.devices]
        need(len(claim.nodes) * sum(1 + len(row) for row in opened) <= MAXIMUM_WORK, "too much work")
        walk(claim.nodes, (opened, low, high), self.divide)
        late = claim.roundSeconds >= (problem.deadlineSeconds * (1 + problem.slack)).b
        self.proven = INF if late else claim.roundSeconds

    def figures(self, n, j):
        """Loads, the own work that there is at least, and the least times."""
        problem, device = self.problem, self.problem.devices[n]
        loads = problem.loads(device.choices, j, self.by_stages)
        own = ZERO if problem.isBatched else device.choices.serverSeconds[j] / (1 + problem.slack)
        return loads, own, [(time_of(device, j, load, device.most)[0] + own).a for load in loads]

    def price(self, n, j, at, stage, prices, low, high):
        """A threshold, and lower bounds on the price of a choice where that is low and where it is high."""
        problem, device = self.problem, self.problem.devices[n]
        per_share, per_server, per_second, *per_unit = prices
        use = device.leftOutUse if j < 0 else [row[j] for row in device.choices.sharedUse]
        fixed = ZERO + dot(per_unit, use)
        if j < 0:
            return 0, fixed.a, fixed.a
        loads, own, fastest = self.figures(n, j)
        if any(map(operator.gt, fastest, high)):
            return 0, INF, INF
        work, shares = device.choices.serverSeconds[j], [device.least] * 2
        if problem.isBatched:
            fixed += per_second * work
        elif work > 0 and per_server > 0:
            value = (fixed + self.together(device, j, loads[0], per_share, per_server * work, high[0], at)).a
            return 0, value, value
        axis = min(len(loads) - 1, int(stage or 0))
        if at and high[axis] < INF:
            value, _, slope = time_of(device, j, loads[axis], iv.mpf(at))
            if slope.b < 0:
                ends = [(at + (x - value - own) / slope).a for x in (low[axis], high[axis])]
                ends = [iv.mpf(math.ceil(ends[1]))] * 2 if problem.hasWholeShares else ends
                shares = ends if max(ends) > device.least else shares
        return axis, *((fixed + per_share * share).a for share in shares)

    def together(self, device, j, load, per_share, cost, seconds, at):
        """A lower bound on λ·b + μ·w/(t − t(b)), convex in b, by lines from one share."""
        least, most, discrete = device.least, device.most, self.problem.hasWholeShares
        if not at or discrete and not (at == int(at) and least <= at <= most):
            return ZERO

        def price(share):
            """The price, and slopes of lines below it: anything where it is not sure that time is left."""
            time, *slopes = time_of(device, j, load, share)
            left = seconds - time
            server = cost / left if left.a > 0 else iv.mpf([(cost / left.b).a if left.b > 0 else INF, INF])
            return per_share * share + server, [per_share + server * slope / left for slope in slopes]

        here = iv.mpf(at)
        value, slopes = price(here)
        bounds = [value.a] if value.b < INF else [ZERO]
        for end, slope, step in ((least, slopes[0], -1), (most, slopes[1], 1)):
            if (end - here) * step > 0:
                rise = price(here + step)[0] - value if discrete else slope * step
                bounds.append((value + min(ZERO, rise.a) * abs(end - here)).a)
        return max(ZERO, min(bounds))

    def judge(self, opened, low, high, prices, at, stage):
        """The open choices of each device that are not refuted: a plan within the claim may have them."""
        problem, (per_share, per_server, per_second, *per_unit) = self.problem, prices
        total = per_share * problem.most + per_server * (1 + problem.slack)
        total += dot(per_unit, [limit.most + problem.slack * limit.size for limit in problem.limits])
        priced = [[self.price(n, j, b, r, prices, low, high) for j, b, r in zip(row, at[n], stage[n])]
                  for n, row in enumerate(opened)]
        left = [set() for _ in opened]
        for corner in itertools.product(*((0,) if x == y else (0, 1) for x, y in zip(low, high))):
            costs = [[ends[corner[axis]] for axis, *ends in row] for row in priced]
            least = [min(row, default=INF) for row in costs]
            if INF in least:
                continue
            spare = total - sum(least)
            if per_second > 0:
                thresholds = map(operator.getitem, zip(low, high), corner)
                spare += per_second * (self.seconds - dot(self.factors, thresholds))
            for rest, row, own, cheapest in zip(left, opened, costs, least):
                rest.update(j for j, x in zip(row, own) if x < INF and (x - cheapest).a <= spare.b)
        return left

    def divide(self, node, part):
        """The parts into which a node divides one; none where no plan is within the claim."""
        opened, low, high = part
        if "device" in node:
            node = read(node, {"device": INDEX, "choices": [WHOLE]})
            n, chosen = node.device, set(node.choices)
            sides = ([j for j in opened[n] if (j in chosen) == listed] for listed in (False, True))
            return [([*opened[:n], side, *opened[n + 1:]], low, high) for side in sides]
        if "threshold" in node:
            node = read(node, {"threshold": INDEX, "at": ANY})
            r, cut = node.threshold, iv.mpf(node.at)
            return [(opened, [*low[:r], max(low[r], cut), *low[r + 1:]], high),
                    (opened, low, [*high[:r], min(high[r], cut), *high[r + 1:]])]
        node = read(node, PROOF, {"devices": len(opened), "prices": 3 + len(self.problem.limits)})
        prices = list(map(iv.mpf, node.prices))
        at, stage = (table or [[None] * len(row) for row in opened] for table in (node.at, node.stage))
        need([*map(len, at)] == [*map(len, stage)] == [*map(len, opened)], "other witnesses are expected")
        left = self.judge(opened, low, high, prices, at, stage)
        kept = [[j for j in row if j not in gone] for row, gone in zip(opened, map(set, node.without))]
        for device, may, stay in zip(self.problem.devices, left, kept):
            for j in may.difference(stay):
                need(j >= 0 and any(i >= 0 and all(row[i] <= row[j] for row in device.costs) for i in stay),
                     "a choice is dropped without proof")
        return [(kept, low, high)] if all(kept) and any(row[-1] >= 0 for row in kept) else []


ROW = {"columns": [INDEX, "entries"], "values": [EXACT, "entries"]}
LOW, HIGH, VECTOR = (EXACT, -INF), (EXACT, INF), [RATIONAL, "variables"]
PROGRAM = {
    "kind": TEXT, "constant": EXACT, "linear": [EXACT, "variables"], "hessian": [ROW, "variables"],
    "matrix": [ROW, "rows"], "constraintLower": [LOW, "rows"], "constraintUpper": [HIGH, "rows"],
    "lower": [LOW, "variables"], "upper": [HIGH, "variables"], "integers": [INDEX],
}
LEAST = {"value": (EXACT, INF), "step": (EXACT, 0), "factor": ([ROW], None), "nodes": [NODE],
         "shift": ([EXACT, "variables"], [])}
POINT = {"value": EXACT, "tolerance": EXACT, "over": (DIVISOR, 1), "x": VECTOR}
CLAIMS = {"point": (POINT, None), "ray": (VECTOR, None), "bound": (LEAST, None)}
LEAF = {"over": (DIVISOR, 1), "rows": [RATIONAL, "rows"], "at": (VECTOR, [])}


def times(rows, x):
    return [sum(value * x[j] for j, value in row.items()) for row in rows]


class Program:
    """A program in exact numbers. Sides are those of the variables, then those of the rows."""

    def __init__(self, value):
        given = read(value, PROGRAM)
        self.c, self.q = given.constant, given.linear
        self.p, self.rows = ([dict(zip(row.columns, row.values)) for row in part]
                             for part in (given.hessian, given.matrix))
        self.low, self.high = given.lower + given.constraintLower, given.upper + given.constraintUpper
        self.count, self.whole = len(self.q), set(given.integers)
        self.sizes = {"variables": self.count, "rows": len(self.rows)}
        need(all(j < self.count for row in (*self.p, *self.rows, self.whole) for j in row), "no variable")
        need(all(self.p[j].get(i) == x for i, row in enumerate(self.p) for j, x in row.items()), "asymmetric")

    def check(self, value):
        claims = read(value, CLAIMS, self.sizes)
        point, bound, ray = claims.point, claims.bound, claims.ray
        need(point or bound, "nothing is claimed")
        if point:
            need(0 <= point.tolerance <= F(1e-3) and point.over > 0, "tolerance or denominator is outside")
            x = [entry / point.over for entry in point.x]
            need(all(x[j].denominator == 1 for j in self.whole), "an integer is not whole")
            self.keep(x, self.low, self.high, point.tolerance)
            found = dot(times(self.p, x), x) / 2 + dot(self.q, x) + self.c
            need(found <= point.value, "the objective of the point is larger")
        if bound:
            self.check_bound(bound)
        if ray is not None:
            need(point and not bound, "a ray starts at a point, and no bound stands beside it")
            self.keep(ray, *([x if abs(x) == INF else 0 for x in ends] for ends in (self.low, self.high)), 0)
            need(not any(times(self.p, ray)) and dot(self.q, ray) < 0, "the objective does not fall along it")
        return point and float(point.value), bound and float(bound.value), None if ray is None else True

    def keep(self, x, low, high, slack):
        for value, a, b in zip(x + times(self.rows, x), low, high):
            need(a <= value or a - value <= slack * max(1, abs(a)), "a lower side is not kept")
            need(value <= b or value - b <= slack * max(1, abs(b)), "an upper side is not kept")

    def check_bound(self, bound):
        self.goal, self.step, self.shift = bound.value, bound.step, []
        if any(self.p) and self.goal < INF:
            self.prove_convexity(bound.factor, bound.shift)
        if self.step and self.goal < INF:
            need(self.step > 0 and not any(self.p) and (self.goal - self.c) % self.step == 0 and all(
                q == 0 or j in self.whole and q % self.step == 0 for j, q in enumerate(self.q)), "no steps")
        root = [[F(how(x)) if j in self.whole and abs(x) < INF else x for j, x in enumerate(part)]
                for how, part in ((math.ceil, self.low[:self.count]), (math.floor, self.high[:self.count]))]
        need(len(bound.nodes) * self.count <= MAXIMUM_WORK, "too much work")
        walk(bound.nodes, root, self.divide)

    def prove_convexity(self, factor, shift):
        """P + S is semidefinite as P + S − RᵀR is: dominant, or without R eliminated exactly (LDLᵀ)."""
        self.shift, rest = shift, [Counter(row) for row in self.p]
        for i, s in enumerate(shift):
            need(s >= 0, "a shift is negative")
            rest[i][i] += s
        for row in factor or ():
            for (i, a), (j, b) in itertools.product(dict(zip(row.columns, row.values)).items(), repeat=2):
                rest[i][j] -= a * b
        is_dominant = all(2 * row[i] >= sum(map(abs, row.values())) for i, row in enumerate(rest))
        need(is_dominant or factor is None and sum(map(bool, rest)) ** 3 <= MAXIMUM_WORK, "not semidefinite")
        while rest and not is_dominant:
            top, last = rest.pop(), len(rest)
            pivot = top.pop(last, 0)
            need(pivot > 0 or pivot == 0 and not any(top.values()), "not semidefinite")
            for i, a in top.items():
                del rest[i][last]
                for j, b in top.items():
                    rest[i][j] -= a * b / (pivot or 1)

    def divide(self, node, box):
        """The boxes into which a node divides one; none where the objective is shown to be large enough."""
        low, high = box
        if "variable" in node:
            node = read(node, {"variable": INDEX, "at": WHOLE})
            j, at = node.variable, F(node.at)
            need(j in self.whole, "a variable that is branched on is no integer")
            return [([*low[:j], max(low[j], at + 1), *low[j + 1:]], high),
                    (low, [*high[:j], min(high[j], at), *high[j + 1:]])]
        low, high = low + self.low[self.count:], high + self.high[self.count:]
        if any(map(operator.gt, low, high)):
            return []
        node = read(node, LEAF, self.sizes)
        cost = 1 if node.over else 0
        y, w = ([x / (node.over or 1) for x in part] for part in (node.rows, node.at))
        need(self.goal < INF if cost else not w, "the wrong kind of leaf")
        bound, goal = self.dual_value(low, high, y, w, cost), cost and self.goal - self.step
        need(bound > goal or bound == goal and cost and not self.step, "a leaf does not prove what it should")
        return []

    def dual_value(self, low, high, y, w, cost):
        """A lower bound on the objective, with cost 0 on 0, between the sides."""
        slope, bends = times(self.p, w or [0] * self.count), [cost * bend for bend in self.shift]
        value, reduced = cost * self.c - F(dot(slope, w)) / 2, [cost * q + s for q, s in zip(self.q, slope)]
        for row, factor in zip(self.rows, y):
            for j, x in row.items():
                reduced[j] += x * factor
        terms = itertools.zip_longest(reduced + [-factor for factor in y], low, high, bends, w, fillvalue=0)
        for d, a, b, bend, x in terms:
            ends = [a, b] if bend else [a] if d > 0 else [b] if d < 0 else []
            if INF in map(abs, ends):
                return -INF
            value += min((d * end - bend * (end - x) ** 2 / 2 for end in ends), default=0)
        return value


def check(text):
    """A round or value that is reached, one that is not, whether the objective has no end; or Refused."""
    marks = 4 * (text.count("[") + text.count("{")) + text.count(",")
    need(len(text) <= MAXIMUM_LENGTH and marks <= MAXIMUM_MARKS, "too large")
    try:
        value = json.loads(text, parse_int=float, parse_constant=lambda word: need(False, "not JSON"))
        given = read(value, {
            "format": such(["sft-opt certificate"].__contains__, "another format"),
            "version": such([5].__contains__, "version 5"), "generator": (TEXT, None), "problemSha256": TEXT,
            "fileSha256": (TEXT, None), "problem": NODE, "claims": NODE})
        found = hashlib.sha256(canonical(given.problem).encode(errors="backslashreplace")).hexdigest()
        need(found == given.problemSha256, "the hash is not that of the problem")
        kinds = {"split-fine-tuning": Problem, "quadratic-program": Program}
        return kinds[str(given.problem.get("kind"))](given.problem).check(given.claims)
    except (ValueError, RecursionError, ArithmeticError, LookupError) as error:
        raise Refused(f"cannot be judged: {error!r}") from None


def main(path):
    try:
        with open(path, encoding="utf-8") as file:
            found = check(file.read(MAXIMUM_LENGTH + 1))
    except (OSError, UnicodeDecodeError) as error:
        print(f"unreadable: {error}")
        return 2
    except Refused as error:
        print("refused:", "".join(c if c.isprintable() else "\ufffd" for c in str(error)))
        return 3
    print("proven:", *(f"{what} {x!r}" for what, x in zip(("plan", "bound", "ray"), found) if x is not None))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else 2)
