#!/usr/bin/env python3
"""A second checker of sft-opt certificates, written from README.md beside it. Needs Python 3.9 and mpmath.

    python3 check_certificate.py proof.json        prints what is proven; exit code 0 proven, 3 refused, 2 unreadable

Plans: mpmath intervals of 160 bits, programs: fractions. Nothing of the first checker's arithmetic is shared.
"""
import hashlib
import json
import math
import re
import sys
from decimal import Decimal
from fractions import Fraction as F

from mpmath import iv

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)
iv.prec, ZERO = 160, iv.mpf(0)
INF, LEAST, MOST = math.inf, 1e-50, 1e50
MAXIMUM_LENGTH, MAXIMUM_MARKS, MAXIMUM_WORK, MAXIMUM_STEPS = 128 * 2**20, 16_000_000, 5e7, 1e9


# Reading -------------------------------------------------------------------------------------------------------------


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


def number(x, least=-INF, most=INF):
    need(isinstance(x, float) and (x == 0 or LEAST <= abs(x) <= MOST), f"0 or a number of {LEAST} … {MOST} is expected")
    need(least <= x <= most, f"{x} is outside {least} … {most}")
    return x


def exact(x):
    need(isinstance(x, float) and math.isfinite(x), "a finite number is expected")
    return F(x)


def integer(x, least, most=2**53 - 1):
    need(exact(x).denominator == 1 and least <= x <= most, f"a whole number from {least} to {most} is expected")
    return int(x)


def maybe(x, least=-INF):
    return None if x is None else number(x, least)


def numbers(value, length, least=-INF):
    return [number(x, least) for x in listed(value, length)]


def one_of(value, *words):
    need(isinstance(value, str) and value in words, "one of " + ", ".join(words) + " is expected")
    return value


def walk(nodes, root, divide):
    """Nodes in the order in which a stack takes parts; each leaves those into which it divides its own."""
    place, stack = 0, [root]
    while stack:
        need(place < len(listed(nodes)), "a part is left without a node")
        stack += divide(nodes[place], stack.pop())
        place += 1
    need(place == len(nodes), "more nodes than parts")


def canonical(value):
    """JSON as RFC 8785 writes it."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return "".join(f"\\u{ord(c):04x}" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text)
    return decimal(value) if isinstance(value, float) else json.dumps(value)


def decimal(x):
    """A double as ECMAScript writes it."""
    need(math.isfinite(x), "a finite number is expected")
    if x == 0 or 1e-6 <= abs(x) < 1e21:
        return format(Decimal(repr(x or 0.0)).normalize(), "f")
    return re.sub(r"e([+-])0?", r"e\1", repr(x))


# The resolved problem ------------------------------------------------------------------------------------------------


def larger(x, y):
    return iv.mpf([max(x.a, y.a), max(x.b, y.b)])


def relaxed(limit, part, size=None):
    """A limit that may be passed by a part of its size; fallen short of where that is negative."""
    return iv.mpf(limit) + part * iv.mpf(abs(limit) if size is None else size)


class Law:
    def __init__(self, value):
        use, efficiency, samples = members(value, "useFraction efficiencyLimit snrBandwidthHz")
        self.samples = [iv.mpf(number(a, LEAST)) for a in listed(samples)]
        self.efficiency = maybe(efficiency, LEAST) or INF
        need(self.samples or self.efficiency < INF, "a limit or samples are expected")
        self.use, self.known = iv.mpf(number(use, LEAST, 1)), {}

    def line(self, limit, b):
        """1/R at b, and the slopes there of lines below 1/R towards less and towards more."""
        key = (min(self.efficiency, limit), b.a, b.b)
        if key not in self.known:
            cap = ZERO if key[0] == INF else 1 / (iv.mpf(key[0]) * b)
            lines = [self.sample(cap, a, b) for a in self.samples] or [(cap, -cap / b, -cap / b)]
            self.known[key] = [sum(part, ZERO) / (len(lines) * self.use) for part in zip(*lines)]
        return self.known[key]

    @staticmethod
    def sample(cap, a, b):
        z = a / b
        log = iv.log(1 + z)
        own = iv.log(2) / (b * log)
        slope, most = -own * (log - z / (1 + z)) / (b * log), max(cap.b, own.b)
        if abs(float(cap.a) - float(own.a)) <= 1e-6 * float(own.a):
            return iv.mpf([min(cap.a, own.a), most]), -cap / b, slope
        return (iv.mpf([cap.a, most]), -cap / b, -cap / b) if cap.a > own.a else (iv.mpf([own.a, most]), slope, slope)


def limits_of(value):
    """Name, largest value, size of each."""
    rows = [members(limit, "name most size") for limit in listed(value)]
    need(all(isinstance(name, str) for name, _, _ in rows), "a text is expected")
    return [(name, number(most), number(size, 0)) for name, most, size in rows]


class Device:
    def __init__(self, value, stages, shared):
        name, optional, least, most, up, down, left_out, limits, choices = members(
            value, "name optional minimumBandwidthHz maximumBandwidthHz uplink downlink leftOutUse limits choices")
        need(isinstance(name, str) and isinstance(optional, bool), "name and optional are expected")
        self.optional, self.least_hz, self.most_hz = optional, number(least, 0), maybe(most, 0)
        self.up, self.down, self.limits = Law(up), Law(down), limits_of(limits)
        *labels, seconds, ups, downs, work, use, own, efficiency = members(
            choices, "blocks upPoint downPoint seconds uplinkBits downlinkBits serverSeconds sharedUse ownUse uplinkEfficiencyLimit")
        self.count = len(listed(work))
        table = lambda rows, length, least=-INF: [numbers(row, self.count, least) for row in listed(rows, length)]
        table(labels, 3)
        self.loads = [table(rows, stages, 0) for rows in (seconds, ups, downs)]
        self.work, self.own = numbers(work, self.count, 0), table(own, len(self.limits))
        # Of each shared limit; the last entry, at −1, is that of being left out.
        self.use = [row + [left] for row, left in zip(table(use, shared), numbers(left_out, shared))]
        self.efficiency = [maybe(x, LEAST) or INF for x in listed(efficiency, self.count)]

    def costs(self, j):
        """Of all these less is better."""
        return [row[j] for row in (*sum(self.loads, []), self.work, *self.use, *self.own)] + [-self.efficiency[j]]


class Problem:
    def __init__(self, value):
        kind, sharing, stages, aggregation, deadline, shares, tolerance, limits, devices = members(
            value, "kind sharing stages aggregationSeconds deadlineSeconds shares limitTolerance limits devices")
        one_of(kind, "split-fine-tuning")
        self.sharing = one_of(sharing, "allocated", "equal", "batched")
        self.stages = [number(factor, LEAST) for factor in listed(stages)]
        need(self.stages == [1] or self.sharing == "batched" and 1 <= len(self.stages) <= 3, "stages are not of this sharing")
        self.aggregation, self.deadline = number(aggregation, 0), maybe(deadline, 0)
        hertz, most, self.whole = members(shares, "hertz most isWhole")
        need(isinstance(self.whole, bool), "isWhole is expected")
        self.hertz, self.most = iv.mpf(number(hertz, LEAST)), integer(most, 0) if self.whole else number(most, LEAST)
        self.slack, self.limits = iv.mpf(number(tolerance, 0, 1e-6)), limits_of(limits)
        self.devices = [Device(device, len(self.stages), len(self.limits)) for device in listed(devices)]
        need(self.devices, "at least one device is expected")

    def all_shares(self, part):
        return iv.mpf(self.most) if self.whole else relaxed(self.most, part)

    def loads(self, device, j, form):
        """Seconds, bits up and bits down of each stage, or of all one after another."""
        stages = [[iv.mpf(table[r][j]) for table in device.loads] for r in range(len(self.stages))]
        chain = [sum((factor * x for factor, x in zip(self.stages, part)), ZERO) for part in zip(*stages)]
        return stages if form == "stages" else [chain]

    def time(self, device, j, load, share):
        """The time of a load at a share, and the slopes of lines below it towards smaller and larger shares."""
        line = [load[0], ZERO, ZERO]
        for bits, law, limit in ((load[1], device.up, device.efficiency[j]), (load[2], device.down, INF)):
            if bits.b > 0:
                need(share > 0, "a share is missing")
                value, *slopes = law.line(limit, self.hertz * share)
                line = [x + bits * y for x, y in zip(line, (value, *(self.hertz * slope for slope in slopes)))]
        return line

    def admissible(self, device):
        most = [relaxed(limit, self.slack, size).b for _, limit, size in device.limits]
        return [j for j in range(device.count) if all(use[j] <= limit for use, limit in zip(device.own, most))]

    def share_range(self, device):
        least = max(ZERO.a, (relaxed(device.least_hz, -self.slack) / self.hertz).a)
        own = INF if device.most_hz is None else (relaxed(device.most_hz, self.slack) / self.hertz).b
        most = min(own, self.all_shares(self.slack).b)
        if not self.whole:
            return least, most
        return max(1, math.ceil(float(least) * (1 - 1e-15))), math.floor(min(self.most, float(most) * (1 + 1e-15)))


# The plan ------------------------------------------------------------------------------------------------------------


def check_plan(problem, value):
    claimed, slack, entries = members(value, "roundSeconds slack devices")
    part = ZERO if one_of(slack, "none", "limit-tolerance") == "none" else problem.slack
    band, server, total, claimed = ZERO, ZERO, iv.mpf(problem.aggregation), number(claimed, 0)
    longest, used = [ZERO] * len(problem.stages), [ZERO] * len(problem.limits)

    def keep(what, found, limit):
        need(found.b <= limit.a, f"not shown to keep: {what}")

    need(any(entry is not None for entry in listed(entries, len(problem.devices))), "not shown to keep: participation")
    for device, entry in zip(problem.devices, entries):
        need(entry is not None or device.optional, "not shown to keep: participation")
        choice, share, own = (-1.0, 0, 0) if entry is None else members(entry, "choice share serverShare")
        j = integer(choice, -1 if entry is None else 0, device.count - 1)
        used = [x + iv.mpf(row[j]) for x, row in zip(used, device.use)]
        if entry is None:
            continue
        need(number(share) > 0 and number(own) >= 0, "not shown to keep: shares above 0")
        need(not problem.whole or share == int(share), "not shown to keep: whole resource blocks")
        hertz, work = problem.hertz * share, iv.mpf(device.work[j])
        keep("least share", relaxed(device.least_hz, -part), hertz)
        if device.most_hz is not None:
            keep("largest share", hertz, relaxed(device.most_hz, part))
        for (name, most, size), row in zip(device.limits, device.own):
            keep(name, iv.mpf(row[j]), relaxed(most, part, size))
        band += iv.mpf(share)
        if problem.sharing == "batched":
            total, work = total + work, ZERO
        elif problem.sharing == "allocated" and work.b > 0:
            need(own > 0, "a share of the server is missing")
            server, work = server + iv.mpf(own), work / iv.mpf(own)
        times = [problem.time(device, j, load, share)[0] + work for load in problem.loads(device, j, "stages")]
        longest = [larger(x, y) for x, y in zip(longest, times)]
    keep("bandwidth", band, problem.all_shares(part))
    keep("server share", server, 1 + part)
    for found, (name, most, size) in zip(used, problem.limits):
        keep(name, found, relaxed(most, part, size))
    total += sum((factor * time for factor, time in zip(problem.stages, longest)), ZERO)
    keep("round delay", total, iv.mpf(claimed))
    if problem.deadline is not None:
        keep("deadline", total, relaxed(problem.deadline, part))
    return claimed


# The bound -----------------------------------------------------------------------------------------------------------


def times(price, x):
    """Nothing of anything is nothing, also of infinity."""
    return ZERO if price == 0 else iv.mpf(price) * x


class Bound:
    def __init__(self, problem, form, seconds):
        self.problem, self.form, self.seconds = problem, form, seconds
        self.factors = problem.stages if form == "stages" else [1]
        self.known = {}

    def available(self, per_share, per_server, per_second, per_unit):
        """What all there is costs."""
        slack, seconds = self.problem.slack, self.seconds
        total = times(per_share, self.problem.all_shares(slack)) + per_server * (1 + slack)
        for price, (_, most, size) in zip(per_unit, self.problem.limits):
            total += price * relaxed(most, slack, size)
        return INF if seconds == INF and per_second > 0 else total + times(per_second, seconds)

    def figures(self, n, j):
        """Loads, the same with own work, the least time of each, and the range of shares."""
        if (n, j) not in self.known:
            problem, device = self.problem, self.problem.devices[n]
            least, most = problem.share_range(device)
            work = iv.mpf(device.work[j])
            own = {"batched": ZERO, "equal": work}.get(problem.sharing, work / (1 + problem.slack))
            loads = problem.loads(device, j, self.form)
            whole = [[load[0] + own, *load[1:]] for load in loads]
            fastest = [problem.time(device, j, load, most)[0].a if most > 0 else INF for load in whole]
            self.known[n, j] = loads, whole, fastest, least, most
        return self.known[n, j]

    def price(self, n, j, witness, prices, low, high):
        """Axis, and lower bounds on the price at both its ends."""
        problem, device, (per_share, per_server, per_second, per_unit) = self.problem, self.problem.devices[n], prices
        fixed = sum((price * iv.mpf(row[j]) for price, row in zip(per_unit, device.use)), ZERO)
        if j < 0:
            return 0, fixed.a, fixed.a
        loads, whole, fastest, least, most = self.figures(n, j)
        if not 0 < most >= least or any(time > limit for time, limit in zip(fastest, high)):
            return 0, INF, INF
        work, (at, stage) = device.work[j], witness
        if problem.sharing == "batched":
            fixed += per_second * iv.mpf(work)
        if problem.sharing == "allocated" and work > 0 and per_server > 0 and high[0] < INF:
            value = (fixed + self.together(device, j, loads[0], prices, high[0], at, least, most)).a
            return 0, value, value
        axis, needed = min(len(whole) - 1, int(stage or 0)), [least, least]
        if high[0] < INF and at:
            value, _, slope = problem.time(device, j, whole[axis], iv.mpf(at))
            ends = [(iv.mpf(at) + (iv.mpf(x) - value) / slope).a for x in (low[axis], high[axis])] if slope.b < 0 else needed
            ends = [math.ceil(ends[1])] * 2 if problem.whole else ends
            needed = ends if any(end > least for end in ends) else needed
        return axis, *((fixed + times(per_share, iv.mpf(share))).a for share in needed)

    def together(self, device, j, load, prices, seconds, at, least, most):
        """A lower bound on λ·b + μ·w/(t − time(b)) by its slopes at a share."""
        problem, per_share, priced = self.problem, prices[0], prices[1] * iv.mpf(device.work[j])

        def price(share):
            time, *slopes = problem.time(device, j, load, iv.mpf(share))
            left = iv.mpf(seconds) - time
            if left.a <= 0:
                lowest = (priced / left.b).a if left.b > 0 else INF
                return iv.mpf([(times(per_share, share) + lowest).a, INF]), None, None
            return times(per_share, share) + priced / left, *(per_share + priced / left * slope / left for slope in slopes)

        usable = at and (not problem.whole or at == int(at) and least <= at <= most)
        here = at if usable and price(at)[1] is not None else most
        value, left, right = price(here)
        if left is None:
            return ZERO
        bounds = [value.a]
        if here < most:
            right = price(here + 1)[0] - value if problem.whole else right
            bounds.append((value + min(ZERO.a, right.a) * (iv.mpf(most) - here)).a)
        if here > least:
            left = value - price(here - 1)[0] if problem.whole else left
            bounds.append((value + max(ZERO.b, left.b) * (iv.mpf(least) - here)).a)
        return iv.mpf(max(ZERO.a, min(bounds)))

    def judge(self, opened, low, high, prices, witnesses):
        """A function that tells whether no plan of the part within the claim has a choice of a device."""
        available = self.available(*prices)
        priced = [{j: self.price(n, j, witness, prices, low, high) for j, witness in zip(row, witnesses[n])}
                  for n, row in enumerate(opened)]
        value = lambda entry, corner: entry[1 + (corner >> entry[0] & 1)]
        corners = []
        for corner in range(1 if low == high else 1 << len(self.factors)):
            ends = [(high if corner >> r & 1 else low)[r] for r in range(len(low))]
            rounds = sum((times(prices[2], factor * iv.mpf(end)) for factor, end in zip(self.factors, ends)), ZERO)
            least = [min((value(entry, corner) for entry in row.values()), default=INF) for row in priced]
            sure = INF in least
            spare = -INF if sure else INF if available == INF else (available - rounds - sum(map(iv.mpf, least), ZERO)).b
            corners.append((corner, least, spare))

        def dearer(price, least, spare):
            """By more than is left to pay for it."""
            return INF == price or spare == -INF or (iv.mpf(price) - least).a > spare

        return lambda n, j: all(dearer(value(priced[n][j], corner), least[n], spare) for corner, least, spare in corners)


def check_bound(problem, value):
    claimed, form, replaced, nodes = members(value, "roundSeconds form replacedBy nodes")
    claimed = INF if claimed is None else number(claimed, 0)
    form = one_of(form, *("chain", "stages")[:1 + (problem.sharing == "batched")])
    seconds = claimed if claimed == INF else (iv.mpf(claimed) - iv.mpf(problem.aggregation)).b
    bound, opened = Bound(problem, form, seconds), []
    replaced = [None] * len(problem.devices) if replaced is None else listed(replaced, len(problem.devices))
    for device, by in zip(problem.devices, replaced):
        choices = problem.admissible(device)
        by = [None] * device.count if by is None else [maybe(other, 0) for other in listed(by, device.count)]
        kept = [j for j in choices if by[j] is None]
        for j in set(choices) - set(kept):
            need(by[j] in kept, "a replacement is not open")
            need(all(x <= y for x, y in zip(device.costs(int(by[j])), device.costs(j))), "a replacement is not as good")
        opened.append([-1] * device.optional + kept)
    low = high = [seconds]
    if problem.sharing == "batched":
        high = [INF if seconds == INF else max(ZERO.a, (iv.mpf(seconds) / factor).b) for factor in bound.factors]
        low = [ZERO.a] * len(high)
    need(len(listed(nodes)) * sum(1 + len(row) for row in opened) <= MAXIMUM_WORK, "too much work")
    walk(nodes, (opened, low, high), lambda node, part: check_node(bound, node, *part))
    late = problem.deadline is not None and claimed >= relaxed(problem.deadline, problem.slack).b
    return INF if late else claimed


def check_node(bound, node, opened, low, high):
    """The parts into which a node divides what is still considered."""
    need(isinstance(node, dict), "an object is expected")
    if "device" in node:
        n, choices = members(node, "device choices")
        n, chosen = integer(n, 0, len(opened) - 1), {integer(j, -1) for j in listed(choices)}
        side = lambda keep: [*opened[:n], [j for j in opened[n] if (j in chosen) == keep], *opened[n + 1:]]
        return [(side(False), low, high), (side(True), low, high)]
    if "threshold" in node:
        axis, cut = members(node, "threshold at")
        axis, cut = integer(axis, 0, len(low) - 1), iv.mpf(number(cut)).a
        moved = lambda ends, pick: [pick(x, cut) if r == axis else x for r, x in enumerate(ends)]
        return [(opened, moved(low, max), high), (opened, low, moved(high, min))]
    prices, given, without = members(node, "prices witnesses without")
    *prices, per_unit = members(prices, "perShare perServer perSecond perUnit")
    count = len(bound.problem.limits)
    prices = [maybe(price, 0) or 0 for price in prices] + [[0] * count if per_unit is None else numbers(per_unit, count, 0)]
    witnesses = []
    for entry, row in zip([{}] * len(opened) if given is None else listed(given, len(opened)), opened):
        size = sum(j >= 0 for j in row)
        columns = [[None] * size if column is None else [maybe(x, 0) for x in listed(column, size)]
                   for column in members(entry, "at stage")]
        witnesses.append([(None, None)] * (len(row) - size) + list(zip(*columns)))
    refuted = bound.judge(opened, low, high, prices, witnesses)
    if without is None:
        need(any(all(refuted(n, j) for j in row) for n, row in enumerate(opened))
             or all(j < 0 or refuted(n, j) for n, row in enumerate(opened) for j in row),
             "does not prove that no plan here is within the claim")
        return []
    gone = [{integer(j, -1) for j in listed(row)} for row in listed(without, len(opened))]
    need(all(refuted(n, j) for n, row in enumerate(opened) for j in row if j in gone[n]), "a choice is dropped without proof")
    return [([[j for j in row if j not in out] for row, out in zip(opened, gone)], low, high)]


# Programs ------------------------------------------------------------------------------------------------------------


def matrix(value, rows, columns):
    """Rows of (column, value); entries strictly in order."""
    at, to, values = members(value, "rows columns values")
    places = [(integer(i, 0, rows - 1), integer(j, 0, columns - 1))
              for i, j in zip(listed(at, len(listed(values))), listed(to, len(values)))]
    need(all(a < b for a, b in zip(places, places[1:])), "entries are not in order")
    table = [[] for _ in range(rows)]
    for (i, j), x in zip(places, values):
        table[i].append((j, exact(x)))
    return table


def vector(value, over, length):
    """Entries divided by `over`, but for 0; and whether it is not 0."""
    def entry(x):
        if isinstance(x, str):
            need(re.fullmatch(r"-?[0-9]{1,100000}", x), "an integer as a text is expected")
            return F(int(x))
        return exact(x)

    divisor = F(1) if over is None else entry(over if isinstance(over, str) else None)
    need(divisor >= 0, "a negative denominator")
    return [entry(x) / (divisor or 1) for x in listed(value, length)], int(divisor > 0)


def dot(a, b):
    return sum((x * y for x, y in zip(a, b)), F(0))


def along(row, x):
    return sum((value * x[j] for j, value in row), F(0))


def least(d, low, high, bend=F(0), w=F(0)):
    """The least of d·x − ½·bend·(x − w)² over low ≤ x ≤ high, at an end; None is −∞."""
    ends = [low, high] if bend else [low] if d > 0 else [high] if d < 0 else [F(0)]
    return None if None in ends else min(d * x - bend / 2 * (x - w) ** 2 for x in ends)


def crossing(lows, highs):
    return any(low is not None and high is not None and low > high for low, high in zip(lows, highs))


class Program:
    def __init__(self, value):
        kind, constant, linear, hessian, rows, row_low, row_high, low, high, integers = members(
            value, "kind constant linear hessian matrix constraintLower constraintUpper lower upper integers")
        one_of(kind, "quadratic-program")
        self.c, self.q = exact(constant), [exact(x) for x in listed(linear)]
        n, m = len(self.q), len(listed(row_low))
        side = lambda part, length: [None if x is None else exact(x) for x in listed(part, length)]
        self.row_sides, self.sides = (side(row_low, m), side(row_high, m)), (side(low, n), side(high, n))
        self.p, self.rows = matrix(hessian, n, n), matrix(rows, m, n)
        need(all(j <= i for i, row in enumerate(self.p) for j, _ in row), "the lower triangle is expected")
        self.whole = {integer(j, 0, n - 1) for j in listed(integers)}
        need(len(self.whole) == len(integers), "an integer is listed twice")
        self.curved, self.void, self.work = any(self.p), crossing(*self.row_sides), 0

    def times(self, x):
        """P·x."""
        y = [F(0)] * len(x)
        for i, row in enumerate(self.p):
            for j, value in row:
                y[i] += value * x[j]
                if i != j:
                    y[j] += value * x[i]
        return y

    def keeps(self, test, x):
        """Whether the entries of x and the rows along it pass a test against their sides."""
        return all(map(test, x, *self.sides)) and all(map(test, (along(row, x) for row in self.rows), *self.row_sides))

    def point(self, tolerance, over, x):
        """A point that keeps all sides, passed by the tolerance at most, with its objective."""
        tolerance, (x, finite) = exact(tolerance), vector(x, over, len(self.q))
        need(0 <= tolerance <= F(1e-3) and finite, "the tolerance or the denominator is out of range")
        slack = lambda side: tolerance * max(1, abs(side))
        need(all(x[j].denominator == 1 for j in self.whole), "an integer is not whole")
        need(self.keeps(lambda value, low, high: (low is None or value >= low - slack(low))
                        and (high is None or value <= high + slack(high)), x), "a side is not kept")
        return dot(self.times(x), x) / 2 + dot(self.q, x) + self.c, tolerance

    def tighten(self, box, j, side, x):
        """A bound of a variable, side 0 or 1, rounded inwards if that is whole."""
        if x is not None:
            x, now = x if j not in self.whole else F(math.floor(x) if side else math.ceil(x)), box[side][j]
            box[side][j] = x if now is None else min(x, now) if side else max(x, now)

    def box(self, changes):
        """Bounds with changes (those before, variable, side, value) made."""
        box = [[None] * len(self.q), [None] * len(self.q)]
        for side, bounds in enumerate(self.sides):
            for j, x in enumerate(bounds):
                self.tighten(box, j, side, x)
        self.work += len(self.q)
        while changes:
            changes, *change = changes
            self.tighten(box, *change)
            self.work += 1
        need(self.work <= MAXIMUM_STEPS, "too much work")
        return box

    def shift(self, evidence):
        """S ≥ 0 with P + S shown to be positive semidefinite."""
        n, rest = len(self.q), [dict(row) for row in self.p]
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
        shift = [F(0)] * n if shift is None else [exact(x) for x in listed(shift, n)]
        need(min(shift, default=0) >= 0, "a shift is negative")
        rows = [] if factor is None else matrix(factor, n, n)
        terms = [(i, j, -a * b) for row in rows for i, a in row for j, b in row if j <= i]
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

    def dual_value(self, box, y, w, shift, cost):
        """A lower bound on the objective (cost 1) or on 0 (cost 0) over box and rows; None is −∞."""
        reduced, value = [cost * q for q in self.q], cost * self.c
        if w is not None:
            slope = self.times(w)
            value -= dot(slope, w) / 2
            reduced = [a + b for a, b in zip(reduced, slope)]
        for row, factor in zip(self.rows, y):
            for j, entry in row:
                reduced[j] += entry * factor
        terms = [least(-factor, *sides) for factor, *sides in zip(y, *self.row_sides)]
        bends = [cost * bend for bend in shift]
        terms += map(least, reduced, *box, bends, w or [0] * len(bends))
        return None if None in terms else value + sum(terms, F(0))

    def implies(self, box, i, variable, side, value):
        """Whether row i and the bounds of its other variables imply this bound."""
        row = dict(self.rows[i])
        own = row.pop(variable, F(0))
        sign = 1 if (own > 0) == (side == 1) else -1
        limit = self.row_sides[sign > 0][i]
        rest = [least(sign * a, box[0][j], box[1][j]) for j, a in row.items()]
        return own != 0 and limit is not None and None not in rest and sign * limit - sum(rest, F(0)) <= sign * own * value


def check_program_bound(program, value):
    claimed, step, convexity, nodes = members(value, "value step convexity nodes")
    goal, n = None if claimed is None else exact(claimed), len(program.q)
    shift = program.shift(convexity) if program.curved and goal is not None else [F(0)] * n
    step = None if goal is None or step is None else exact(step)
    need(step is None or step > 0 and not program.curved and (goal - program.c) % step == 0 and all(
        q == 0 or j in program.whole and q % step == 0 for j, q in enumerate(program.q)), "not in these steps")

    def divide(node, part):
        """The parts into which a node divides one: changes of bounds, the last first."""
        need(isinstance(node, dict), "an object is expected")
        if "variable" in node:
            variable, at = members(node, "variable at")
            j, at = integer(variable, 0, n - 1), integer(at, 1 - 2**53, 2**53 - 1)
            need(j in program.whole, "a variable that is branched on is no integer")
            return [(part, j, 0, F(at + 1)), (part, j, 1, F(at))]
        box = program.box(part)
        if "steps" in node:
            for entry in listed(*members(node, "steps")):
                row, variable, side, x = members(entry, "row variable side value")
                row, j = integer(row, 0, len(program.rows) - 1), integer(variable, 0, n - 1)
                part = (part, j, int(one_of(side, "lower", "upper") == "upper"), exact(x))
                need(program.implies(box, row, *part[1:]), "a bound is not implied")
                program.tighten(box, *part[1:])
            return [part]
        if program.void or crossing(*box):
            return []
        over, y, w = members(node, "over rows at")
        y, cost = vector(y, over, len(program.rows))
        w = None if w is None else vector(w, over, n)[0]
        need(goal is not None if cost else w is None, "the wrong kind of leaf")
        bound = program.dual_value(box, y, w, shift, cost)
        need(bound is not None and (bound > 0 if not cost else bound > goal - step if step else bound >= goal),
             "a leaf does not prove what it should")
        return []

    walk(nodes, None, divide)
    return INF if goal is None else goal


def check_program(program, claims):
    point, bound, unbounded = members(claims, "point bound unbounded")
    need(not (point is bound is unbounded is None), "nothing is claimed")
    if unbounded is not None:
        need(point is None and bound is None, "`unbounded` stands alone")
        *start, ray_over, ray = members(unbounded, "tolerance over x rayOver ray")
        program.point(*start)
        d, _ = vector(ray, ray_over, len(program.q))
        need(program.keeps(lambda step, low, high: (step >= 0 or low is None) and (step <= 0 or high is None), d),
             "the ray leaves a side")
        need(not any(program.times(d)) and dot(program.q, d) < 0, "the objective does not fall along the ray")
        return None, None, True
    value = least_value = None
    if point is not None:
        claimed, *point = members(point, "value tolerance over x")
        (found, tolerance), value = program.point(*point), exact(claimed)
        need(found <= value, "the objective of the point is larger")
    if bound is not None:
        least_value = check_program_bound(program, bound)
        need(value is None or tolerance > 0 or value >= least_value, "the point is better than the bound")
    return *(None if x is None else float(x) for x in (value, least_value)), None


# The certificate -----------------------------------------------------------------------------------------------------


def check(text):
    """What a certificate proves, or Refused: a round or value that is reached, one that is not, whether the objective is unbounded."""
    need(len(text) <= MAXIMUM_LENGTH and 4 * (text.count("[") + text.count("{")) + text.count(",") <= MAXIMUM_MARKS, "too large")
    try:
        return checked(json.loads(text, parse_int=float, parse_constant=lambda word: need(False, "not JSON")))
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise Refused(f"cannot be judged: {error!r}") from None


def checked(value):
    form, version, generator, digest, file, problem, claims = members(
        value, "format version generator problemSha256 fileSha256 problem claims")
    one_of(form, "sft-opt certificate")
    integer(version, 4, 4)
    need(all(isinstance(text, (str, type(None))) for text in (generator, file)), "a text is expected")
    found = hashlib.sha256(canonical(problem).encode("utf-8", "surrogatepass")).hexdigest()
    need(found == digest, "the hash is not that of the problem")
    if isinstance(problem, dict) and problem.get("kind") == "quadratic-program":
        return check_program(Program(problem), claims)
    problem, (plan, bound) = Problem(problem), members(claims, "plan bound")
    need(plan is not None or bound is not None, "nothing is claimed")
    plan = None if plan is None else check_plan(problem, plan)
    return plan, None if bound is None else check_bound(problem, bound), None


def main(path):
    try:
        with open(path, encoding="utf-8") as file:
            found = check(file.read(MAXIMUM_LENGTH + 1))
    except (OSError, UnicodeDecodeError) as error:
        print(f"unreadable: {error}")
        return 2
    except Refused as error:
        print(f"refused: {error}".translate({code: 0xFFFD for code in [*range(32), *range(127, 160)]}))
        return 3
    print("proven:", *(f"{what} {x!r}" for what, x in zip(("plan", "bound", "unbounded"), found) if x is not None))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else 2)
