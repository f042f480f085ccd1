#!/usr/bin/env python3
"""A second checker of sft-opt certificates, written from README.md beside it. Needs Python 3.9, and mpmath for plans.

    python3 check_certificate.py proof.json        prints what is proven; exit code 0 proven, 3 refused, 2 unreadable

Arithmetic of plans: mpmath intervals of 160 bits, so nothing of the first checker's arithmetic is shared.
"""
import hashlib
import json
import math
import sys
from decimal import Decimal

import check_programs
from check_programs import Refused, listed, members, need

try:
    from mpmath import iv

    iv.prec, ZERO = 160, iv.mpf(0)
except ImportError:
    iv = ZERO = None
INF, LEAST, MOST = math.inf, 1e-50, 1e50
MAXIMUM_LENGTH, MAXIMUM_MARKS, MAXIMUM_WORK = 128 * 2**20, 16_000_000, 5e7


# Reading -------------------------------------------------------------------------------------------------------------


def number(x, least=-INF, most=INF):
    need(isinstance(x, float) and (x == 0 or LEAST <= abs(x) <= MOST), f"0 or a number of {LEAST} … {MOST} is expected")
    need(least <= x <= most, f"{x} is outside {least} … {most}")
    return x


def integer(x, least, most=2**53 - 1):
    need(number(x, least, most) == int(x), "a whole number is expected")
    return int(x)


def maybe(x, least=-INF):
    return None if x is None else number(x, least)


def numbers(value, length, least=-INF):
    return [number(x, least) for x in listed(value, length)]


def one_of(value, *words):
    need(isinstance(value, str) and value in words, "one of " + ", ".join(words) + " is expected")
    return value


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
    sign, digits, exponent = Decimal(repr(x)).normalize().as_tuple()
    digits, minus = "".join(map(str, digits)), "-" if sign else ""
    point = len(digits) + exponent
    if x == 0:
        return "0"
    if len(digits) <= point <= 21:
        return minus + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return minus + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return minus + "0." + "0" * -point + digits
    return minus + digits[0] + "." * (len(digits) > 1) + digits[1:] + f"e{point - 1:+d}"


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

    def line(self, limit, b, mixture=None):
        """1/R at b, and the slope there of a line below 1/R everywhere."""
        key = (min(self.efficiency, limit), b.a, b.b, mixture)
        if key not in self.known:
            cap = ZERO if key[0] == INF else 1 / (iv.mpf(key[0]) * b)
            lines = [self.sample(cap, a, b, mixture) for a in self.samples] or [(cap, -cap / b)]
            self.known[key] = [sum(part, ZERO) / (len(lines) * self.use) for part in zip(*lines)]
        return self.known[key]

    @staticmethod
    def sample(cap, a, b, mixture):
        z = a / b
        log = iv.log(1 + z)
        own = iv.log(2) / (b * log)
        slope = -own * (log - z / (1 + z)) / (b * log)
        meet = abs(float(cap.a) - float(own.a)) <= 1e-6 * float(own.a)
        weight = iv.mpf(min(1.0, mixture) if meet and mixture is not None else float(cap.a > own.a))
        mean = lambda x, y: weight * x + (1 - weight) * y
        return iv.mpf([mean(cap, own).a, max(cap.b, own.b)]), mean(-cap / b, slope)


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
        for label in labels:
            numbers(label, self.count)
        table = lambda rows, length, least=-INF: [numbers(row, self.count, least) for row in listed(rows, length)]
        self.loads = [table(rows, stages, 0) for rows in (seconds, ups, downs)]
        self.work, self.own = numbers(work, self.count, 0), table(own, len(self.limits))
        # Of each shared limit; the last entry, at −1, is that of being left out.
        self.use = [row + [left] for row, left in zip(table(use, shared), numbers(left_out, shared))]
        self.efficiency = [maybe(x, LEAST) or INF for x in listed(efficiency, self.count)]

    def costs(self, j):
        """Of all these less is better."""
        lists = [*self.loads[0], *self.loads[1], *self.loads[2], self.work, *self.use, *self.own]
        return [*(row[j] for row in lists), -self.efficiency[j]]

    def time(self, j, load, hertz, mixture=None):
        """The time of a load at a share, and the slope of a line below it."""
        value, slope = load[0], ZERO
        for bits, law, limit in ((load[1], self.up, self.efficiency[j]), (load[2], self.down, INF)):
            if bits.b > 0:
                need(hertz.a > 0, "a share is missing")
                line = law.line(limit, hertz, mixture)
                value, slope = value + bits * line[0], slope + bits * line[1]
        return value, slope


class Problem:
    def __init__(self, value):
        kind, sharing, stages, aggregation, deadline, band, blocks, tolerance, limits, devices = members(
            value, "kind sharing stages aggregationSeconds deadlineSeconds bandwidthHz resourceBlocks limitTolerance limits devices")
        one_of(kind, "split-fine-tuning")
        self.sharing = one_of(sharing, "allocated", "equal", "batched")
        self.stages = [number(factor, LEAST) for factor in listed(stages)]
        need(self.stages == [1] or self.sharing == "batched" and 1 <= len(self.stages) <= 3, "stages are not of this sharing")
        self.aggregation, self.deadline = number(aggregation, 0), maybe(deadline, 0)
        self.band, self.slack = number(band, LEAST), iv.mpf(number(tolerance, 0, 1e-6))
        self.block, self.count = [None, None] if blocks is None else members(blocks, "hertz count")
        if blocks is not None:
            self.block, self.count = iv.mpf(number(self.block, LEAST)), integer(self.count, 0)
        self.limits = limits_of(limits)
        self.devices = [Device(device, len(self.stages), len(self.limits)) for device in listed(devices)]
        need(self.devices, "at least one device is expected")

    def hertz(self, share):
        return iv.mpf(share) * (1 if self.block is None else self.block)

    def all_shares(self, part):
        return relaxed(self.band, part) if self.block is None else iv.mpf(self.count)

    def loads(self, device, j, form):
        """Seconds, bits up and bits down of each stage, or of all one after another."""
        stages = [[iv.mpf(table[r][j]) for table in device.loads] for r in range(len(self.stages))]
        if form == "stages":
            return stages
        return [[sum((factor * x for factor, x in zip(self.stages, part)), ZERO) for part in zip(*stages)]]

    def admissible(self, device):
        most = [relaxed(limit, self.slack, size).b for _, limit, size in device.limits]
        return [j for j in range(device.count) if all(use[j] <= limit for use, limit in zip(device.own, most))]

    def share_range(self, device):
        least = max(ZERO.a, relaxed(device.least_hz, -self.slack).a)
        most = INF if device.most_hz is None else relaxed(device.most_hz, self.slack).b
        if self.block is None:
            return least, min(most, self.all_shares(self.slack).b)
        least, most = float((least / self.block).a), float((most / self.block).b)
        return max(1, math.ceil(least * (1 - 1e-15))), math.floor(min(self.count, most * (1 + 1e-15)))


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
        need(problem.block is None or share == int(share), "not shown to keep: whole resource blocks")
        hertz, work = problem.hertz(share), iv.mpf(device.work[j])
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
        times = [device.time(j, load, hertz)[0] + work for load in problem.loads(device, j, "stages")]
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

    def available(self, per_hertz, per_server, per_second, per_unit):
        """What all there is costs."""
        problem, seconds = self.problem, self.seconds
        if seconds == INF and per_second > 0:
            return INF
        total = times(per_hertz, problem.all_shares(problem.slack) * (problem.block or 1)) + per_server * (1 + problem.slack)
        for price, (_, most, size) in zip(per_unit, problem.limits):
            total += price * relaxed(most, problem.slack, size)
        return total + times(per_second, seconds)

    def figures(self, n, j):
        """Loads, the same with own work, the least time of each, and the range of shares."""
        if (n, j) not in self.known:
            problem, device = self.problem, self.problem.devices[n]
            least, most = problem.share_range(device)
            work = iv.mpf(device.work[j])
            own = {"batched": ZERO, "equal": work}.get(problem.sharing, work / (1 + problem.slack))
            loads = problem.loads(device, j, self.form)
            whole = [[load[0] + own, *load[1:]] for load in loads]
            fastest = [device.time(j, load, problem.hertz(most))[0].a if most > 0 else INF for load in whole]
            self.known[n, j] = loads, whole, fastest, least, most
        return self.known[n, j]

    def price(self, n, j, witness, prices, low, high):
        """Axis, and lower bounds on the price at both its ends."""
        problem, device, (per_hertz, per_server, per_second, per_unit) = self.problem, self.problem.devices[n], prices
        fixed = sum((price * iv.mpf(row[j]) for price, row in zip(per_unit, device.use)), ZERO)
        if j < 0:
            return 0, fixed.a, fixed.a
        loads, whole, fastest, least, most = self.figures(n, j)
        if not 0 < most >= least or any(time > limit for time, limit in zip(fastest, high)):
            return 0, INF, INF
        work, (at, mixture, stage) = device.work[j], witness
        if problem.sharing == "batched":
            fixed += per_second * iv.mpf(work)
        band = lambda hertz: (fixed + times(per_hertz, hertz)).a
        if problem.sharing == "allocated" and work > 0 and per_server > 0 and high[0] < INF:
            value = (fixed + self.together(device, j, loads[0], prices, high[0], at, mixture, least, most)).a
            return 0, value, value
        if high[0] < INF and at and problem.block is None:
            axis = min(len(whole) - 1, int(stage or 0))
            value, slope = device.time(j, whole[axis], iv.mpf(at))
            ends = [band(iv.mpf(at) + (iv.mpf(x) - value) / slope) for x in (low[axis], high[axis])] if slope.b < 0 else []
            if any(end > band(iv.mpf(least)) for end in ends):
                return axis, *ends
        elif high[0] < INF and at:
            late = any(device.time(j, load, problem.hertz(at))[0].a > limit for load, limit in zip(whole, high))
            least = max(least, math.floor(at) + 1) if late else least
        return 0, band(problem.hertz(least)), band(problem.hertz(least))

    def together(self, device, j, load, prices, seconds, at, mixture, least, most):
        """A lower bound on λ·b + μ·w/(t − time(b)) by its slopes at a share."""
        problem, per_hertz, priced = self.problem, prices[0], prices[1] * iv.mpf(device.work[j])

        def price(share):
            hertz = problem.hertz(share)
            time, slope = device.time(j, load, hertz, mixture)
            left = iv.mpf(seconds) - time
            if left.a <= 0:
                lowest = (priced / left.b).a if left.b > 0 else INF
                return iv.mpf([(times(per_hertz, hertz) + lowest).a, INF]), None
            return times(per_hertz, hertz) + priced / left, per_hertz + priced / left * slope / left

        usable = at and (problem.block is None or at == int(at) and least <= at <= most)
        here = at if usable and price(at)[1] is not None else most
        value, slope = price(here)
        if slope is None:
            return ZERO
        bounds = [value.a]
        if here < most:
            right = (slope if problem.block is None else price(here + 1)[0] - value).a
            bounds.append((value + min(ZERO.a, right) * (iv.mpf(most) - here)).a)
        if here > least:
            left = (slope if problem.block is None else value - price(here - 1)[0]).b
            bounds.append((value + max(ZERO.b, left) * (iv.mpf(least) - here)).a)
        return iv.mpf(max(ZERO.a, min(bounds)))

    def judge(self, opened, low, high, prices, witnesses):
        """A function that tells whether no plan of the part within the claim has a choice of a device."""
        available = self.available(*prices)
        priced = [{j: self.price(n, j, witness, prices, low, high) for j, witness in zip(row, witnesses[n])}
                  for n, row in enumerate(opened)]
        corners = range(1 if low == high else 1 << len(self.factors))
        value = lambda entry, corner: entry[1 + (corner >> entry[0] & 1)]
        least = [[min((value(entry, corner) for entry in row.values()), default=INF) for row in priced] for corner in corners]

        def refuted_at(corner, n, j):
            values = [*least[corner][:n], value(priced[n][j], corner), *least[corner][n + 1:]]
            if INF in values or available == INF:
                return INF in values
            ends = [(high if corner >> r & 1 else low)[r] for r in range(len(low))]
            rounds = sum((times(prices[2], factor * iv.mpf(end)) for factor, end in zip(self.factors, ends)), ZERO)
            return (rounds + sum(map(iv.mpf, values), ZERO) - available).a > 0

        return lambda n, j: all(refuted_at(corner, n, j) for corner in corners)


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
    place, stack = 0, [(opened, low, high)]
    while stack:
        need(place < len(nodes), "a part is left without a node")
        stack += check_node(bound, nodes[place], *stack.pop())
        place += 1
    need(place == len(nodes), "more nodes than parts")
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
    *prices, per_unit = members(prices, "perHertz perServer perSecond perUnit")
    count = len(bound.problem.limits)
    prices = [maybe(price, 0) or 0 for price in prices] + [[0] * count if per_unit is None else numbers(per_unit, count, 0)]
    witnesses = []
    for entry, row in zip([{}] * len(opened) if given is None else listed(given, len(opened)), opened):
        size = sum(j >= 0 for j in row)
        columns = [[None] * size if column is None else [maybe(x, 0) for x in listed(column, size)]
                   for column in members(entry, "at mixture stage")]
        witnesses.append([(None, None, None)] * (len(row) - size) + list(zip(*columns)))
    refuted = bound.judge(opened, low, high, prices, witnesses)
    if without is None:
        need(any(all(refuted(n, j) for j in row) for n, row in enumerate(opened))
             or all(j < 0 or refuted(n, j) for n, row in enumerate(opened) for j in row),
             "does not prove that no plan here is within the claim")
        return []
    gone = [{integer(j, -1) for j in listed(row)} for row in listed(without, len(opened))]
    need(all(refuted(n, j) for n, row in enumerate(opened) for j in row if j in gone[n]), "a choice is dropped without proof")
    return [([[j for j in row if j not in out] for row, out in zip(opened, gone)], low, high)]


# The certificate -----------------------------------------------------------------------------------------------------


def check(text):
    """What a certificate proves, or Refused: a round that a plan keeps, one that no plan keeps; None where there is no claim."""
    need(len(text) <= MAXIMUM_LENGTH and 4 * (text.count("[") + text.count("{")) + text.count(",") <= MAXIMUM_MARKS, "too large")
    try:
        return checked(json.loads(text, parse_int=float, parse_constant=lambda word: need(False, "not JSON")))
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise Refused(f"cannot be judged: {error!r}") from None


def checked(value):
    form, version, generator, digest, file, problem, claims = members(
        value, "format version generator problemSha256 fileSha256 problem claims")
    one_of(form, "sft-opt certificate")
    need(all(isinstance(text, (str, type(None))) for text in (generator, file)), "a text is expected")
    found = hashlib.sha256(canonical(problem).encode("utf-8", "surrogatepass")).hexdigest()
    need(found == digest, "the hash is not that of the problem")
    if isinstance(problem, dict) and problem.get("kind") == "quadratic-program":
        integer(version, 1, 1)
        return check_programs.check(problem, claims)[:2]
    need(iv is not None, "mpmath is needed")
    integer(version, 3, 3)
    (plan, bound), problem = members(claims, "plan bound"), Problem(problem)
    need(plan is not None or bound is not None, "nothing is claimed")
    plan = None if plan is None else check_plan(problem, plan)
    return plan, None if bound is None else check_bound(problem, bound)


def main(path):
    try:
        with open(path, encoding="utf-8") as file:
            plan, bound = check(file.read(MAXIMUM_LENGTH + 1))
    except (OSError, UnicodeDecodeError) as error:
        print(f"unreadable: {error}")
        return 2
    except Refused as error:
        print(f"refused: {error}".translate({code: 0xFFFD for code in [*range(32), *range(127, 160)]}))
        return 3
    print("proven:" + (f" plan {plan!r}" if plan is not None else "") + (f" bound {bound!r}" if bound is not None else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else 2)
