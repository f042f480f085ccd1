#!/usr/bin/env python3
"""A second checker of sft-opt certificates, written from README.md beside it. Needs Python 3.9, and mpmath for plans.

    python3 check_certificate.py proof.json        prints what is proven; exit code 0 proven, 3 refused, 2 unreadable

Arithmetic: mpmath intervals of 160 bits, so nothing of the first checker's arithmetic is shared.
"""
import hashlib
import json
import math
import sys
from decimal import Decimal

import check_programs

try:
    from mpmath import iv

    iv.prec, ZERO = 160, iv.mpf(0)
except ImportError:
    iv = ZERO = None
INF = math.inf
MAXIMUM_LENGTH, MAXIMUM_OPENED, MAXIMUM_SEPARATED = 128 * 2**20, 4_000_000, 16_000_000


class Refused(Exception):
    """The certificate does not prove what it claims, or is not what the format says."""


def need(condition, reason):
    if not condition:
        raise Refused(reason)


# Reading -------------------------------------------------------------------------------------------------------------


def members(value, names):
    """The members of an object, null where absent; unknown ones are refused."""
    need(isinstance(value, dict), "an object is expected")
    need(set(value) <= set(names.split()), "unknown member " + ascii(set(value) - set(names.split()))[:60])
    return {name: value.get(name) for name in names.split()}


def number(value, least=-INF, most=INF):
    need(isinstance(value, float) and math.isfinite(value) and least <= value <= most, f"a number, {least} … {most}")
    return value


def integer(value, least, most=2**53 - 1):
    need(number(value, least, most) == int(value), "a whole number is expected")
    return int(value)


def maybe(value, least=-INF):
    return None if value is None else number(value, least)


def array(value, length=None):
    need(isinstance(value, list) and length in (None, len(value)), f"a list of {length or 'any'} entries is expected")
    return value


def one_of(value, *words):
    need(value in words if isinstance(value, str) else False, "one of " + ", ".join(words) + " is expected")
    return value


def canonical(value):
    """JSON as RFC 8785 writes it."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(quoted(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return quoted(value)
    return decimal(value) if isinstance(value, float) else json.dumps(value)


def quoted(value):
    return "".join(f"\\u{ord(c):04x}" if 0xD800 <= ord(c) <= 0xDFFF else c for c in json.dumps(value, ensure_ascii=False))


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
    fraction = "." + digits[1:] if len(digits) > 1 else ""
    return f"{minus}{digits[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"


# Intervals -----------------------------------------------------------------------------------------------------------


def larger(x, y):
    return iv.mpf([max(x.a, y.a), max(x.b, y.b)])


def times(price, x):
    """Nothing of anything is nothing, also of infinity."""
    return ZERO if price == 0 else iv.mpf(price) * x


def relaxed(limit, slack):
    return iv.mpf(limit) + slack * abs(iv.mpf(limit))


def required(minimum, slack):
    return iv.mpf(minimum) - slack * abs(iv.mpf(minimum))


# The resolved problem ------------------------------------------------------------------------------------------------

COSTS = ("preSeconds postSeconds exchangeSeconds uplinkBits downlinkBits adapterBits serverSeconds serverMemoryBytes "
         "deviceMemoryBytes").split()


class Law:
    def __init__(self, value):
        at = members(value, "useFraction efficiencyLimit snrBandwidthHz")
        self.samples = [iv.mpf(number(a, 5e-324)) for a in array(at["snrBandwidthHz"])]
        self.efficiency = maybe(at["efficiencyLimit"], 5e-324) or INF
        need(self.samples or self.efficiency < INF, "a limit or samples are expected")
        self.use, self.known = iv.mpf(number(at["useFraction"], 5e-324, 1)), {}

    def line(self, limit, b, mixture=None):
        """1/R at b, and the slope there of a line below 1/R everywhere."""
        key = (min(self.efficiency, limit), b.a, b.b, mixture)
        if key not in self.known:
            cap = ZERO if key[0] == INF else 1 / (iv.mpf(key[0]) * b)
            lines = [self.sample(cap, a, b, mixture) for a in self.samples] or [(cap, -cap / b)]
            self.known[key] = tuple(sum(part, ZERO) / (len(lines) * self.use) for part in zip(*lines))
        return self.known[key]

    @staticmethod
    def sample(cap, a, b, mixture):
        z = a / b
        log = iv.log(1 + z)
        own = iv.log(2) / (b * log)
        slope = -own * (log - z / (1 + z)) / (b * log)
        meet = abs(float(cap.a) - float(own.a)) <= 1e-6 * float(own.a)
        weight = iv.mpf(min(1.0, mixture) if meet and mixture is not None else float(cap.a > own.a))
        lowest = (weight * cap + (1 - weight) * own).a
        return iv.mpf([lowest, max(cap.b, own.b)]), weight * (-cap / b) + (1 - weight) * slope


class Device:
    def __init__(self, value):
        at = members(value, "name optional weight minimumBandwidthHz maximumBandwidthHz memoryBytes trafficBits uplink "
                            "downlink choices")
        need(isinstance(at["name"], str) and isinstance(at["optional"], bool), "name and optional are expected")
        self.name, self.optional, self.weight = at["name"], at["optional"], number(at["weight"], 5e-324)
        self.least_hz, self.most_hz = number(at["minimumBandwidthHz"], 0), maybe(at["maximumBandwidthHz"], 0)
        self.memory, self.traffic = maybe(at["memoryBytes"]), maybe(at["trafficBits"], 0)
        self.up, self.down = Law(at["uplink"]), Law(at["downlink"])
        labels = ("blocks", "upPoint", "downPoint")
        at = members(at["choices"], " ".join((*labels, *COSTS, "accuracy uplinkEfficiencyLimit")))
        self.count = len(array(at["blocks"]))
        for name in labels:
            for label in array(at[name], self.count):
                integer(label, 0)
        self.cost = {name: [number(x, 0) for x in array(at[name], self.count)] for name in COSTS}
        self.cost["accuracy"] = [number(x) for x in array(at["accuracy"], self.count)]
        limits = [maybe(x, 0) for x in array(at["uplinkEfficiencyLimit"], self.count)]
        self.limit = [INF if limit is None else limit for limit in limits]

    def of(self, name, j):
        return iv.mpf(self.cost[name][j])

    def load(self, j, stage):
        """Seconds, bits up and bits down of a stage."""
        pre, post, exchange, _ = stage
        seconds = pre * self.of("preSeconds", j) + post * self.of("postSeconds", j)
        adapters = exchange * self.of("adapterBits", j)
        return (seconds + exchange * self.of("exchangeSeconds", j), pre * self.of("uplinkBits", j) + adapters,
                post * self.of("downlinkBits", j) + adapters)

    def time(self, j, load, hertz, mixture=None):
        """The time of a load at a share, and the slope of a line below it."""
        value, slope = load[0], ZERO
        for bits, law, limit in ((load[1], self.up, self.limit[j]), (load[2], self.down, INF)):
            if bits.b > 0:
                need(hertz.a > 0, "a share is missing")
                line = law.line(limit, hertz, mixture)
                value, slope = value + bits * line[0], slope + bits * line[1]
        return value, slope


class Problem:
    def __init__(self, value):
        at = members(value, "kind sharing stepsPerRound aggregationSeconds deadlineSeconds bandwidthHz resourceBlockHz "
                            "resourceBlocks serverMemoryBytes trafficBits accuracyScope accuracyMinimum accuracyLeftOut "
                            "limitTolerance devices")
        one_of(at["kind"], "split-fine-tuning")
        self.sharing = one_of(at["sharing"], "allocated", "equal", "batched")
        self.steps, self.aggregation = integer(at["stepsPerRound"], 1), iv.mpf(number(at["aggregationSeconds"], 0))
        self.deadline, self.band = maybe(at["deadlineSeconds"], 0), number(at["bandwidthHz"], 5e-324)
        self.block = maybe(at["resourceBlockHz"], 5e-324)
        self.blocks = None if at["resourceBlocks"] is None else integer(at["resourceBlocks"], 0)
        need((self.block is None) == (self.blocks is None), "resource blocks have a number and a size")
        self.memory, self.traffic = maybe(at["serverMemoryBytes"]), maybe(at["trafficBits"], 0)
        self.scope = one_of(at["accuracyScope"], "mean", "each")
        self.minimum, self.left_out = maybe(at["accuracyMinimum"]), maybe(at["accuracyLeftOut"])
        self.slack = iv.mpf(number(at["limitTolerance"], 0, 1e-6))
        self.devices = [Device(device) for device in array(at["devices"])]
        need(self.devices, "at least one device is expected")

    def hertz(self, share):
        return iv.mpf(share) if self.block is None else iv.mpf(share) * iv.mpf(self.block)

    def work(self, device, j):
        work = self.steps * device.of("serverSeconds", j)
        return work * len(self.devices) if self.sharing == "equal" else work

    def bits(self, device, j):
        step = device.of("uplinkBits", j) + device.of("downlinkBits", j)
        return self.steps * step + 2 * device.of("adapterBits", j)

    def stages(self, form):
        """Multiples of pre, post and exchange, and how often a round has the stage."""
        if form == "chain":
            return [(self.steps, self.steps, 1, 1)]
        return [stage for stage in ((1, 0, 0, 1), (1, 1, 0, self.steps - 1), (0, 1, 1, 1)) if stage[3] > 0]

    def couplings(self, slack):
        """Name of the price, limit, and what a choice (−1: being left out) adds."""
        if self.memory is not None:
            yield "perByte", relaxed(self.memory, slack), lambda d, j: ZERO if j < 0 else d.of("serverMemoryBytes", j)
        if self.traffic is not None:
            yield "perBit", relaxed(self.traffic, slack), lambda d, j: ZERO if j < 0 else self.bits(d, j)
        if self.minimum is not None and self.scope == "mean":
            def missing(device, j):
                if j < 0 and self.left_out is None:
                    return ZERO
                found = iv.mpf(self.left_out) if j < 0 else device.of("accuracy", j)
                return iv.mpf(device.weight) * (required(self.minimum, slack) - found)
            yield "perAccuracy", ZERO, missing

    def device_limits(self, device, j, slack):
        yield "energy", iv.mpf(device.limit[j] == 0), ZERO
        if device.memory is not None:
            yield "device memory", device.of("deviceMemoryBytes", j), relaxed(device.memory, slack)
        if device.traffic is not None:
            yield "device traffic", self.bits(device, j), relaxed(device.traffic, slack)
        if self.minimum is not None and self.scope == "each":
            yield "device accuracy", required(self.minimum, slack), device.of("accuracy", j)

    def admissible(self, device):
        return [j for j in range(device.count)
                if all(found.a <= limit.b for _, found, limit in self.device_limits(device, j, self.slack))]

    def share_range(self, device):
        least = max(ZERO.a, required(device.least_hz, self.slack).a)
        most_hz = INF if device.most_hz is None else device.most_hz
        if self.block is None:
            return least, relaxed(min(most_hz, self.band), self.slack).b
        most = relaxed(min(most_hz, 1.7e308), self.slack).b
        block = iv.mpf(self.block)
        least, most = (iv.mpf(least) / block).a, (iv.mpf(most) / block).b
        least, most = (min(float(end), 2.0**60) for end in (least, most))  # more blocks than there can be
        most = self.blocks if most_hz == INF else min(self.blocks, math.floor(most * (1 + 1e-15)))
        return max(1, math.ceil(least * (1 - 1e-15))), most


# The plan --------------------------------------------------------------------------------------------------------------


def check_plan(problem, value):
    at = members(value, "roundSeconds slack devices")
    claimed = number(at["roundSeconds"], 0)
    slack = ZERO if one_of(at["slack"], "none", "limit-tolerance") == "none" else problem.slack
    stages = problem.stages("stages" if problem.sharing == "batched" else "chain")
    sums = [[name, limit, amount, ZERO] for name, limit, amount in problem.couplings(slack)]
    band = server = ZERO
    total, longest = problem.aggregation, [ZERO] * len(stages)

    def keep(what, found, limit):
        need(found.b <= limit.a, f"not shown to keep: {what}")

    need(any(entry is not None for entry in array(at["devices"])), "not shown to keep: participation of any device")
    for device, entry in zip(problem.devices, array(at["devices"], len(problem.devices))):
        need(entry is not None or device.optional, f"not shown to keep: participation of {device.name}")
        decision = None if entry is None else members(entry, "choice share serverShare")
        j = -1 if entry is None else integer(decision["choice"], 0, device.count - 1)
        for row in sums:
            row[3] += row[2](device, j)
        if entry is None:
            continue
        share, part = number(decision["share"], 5e-324), number(decision["serverShare"], 0)
        need(problem.block is None or share == int(share), "not shown to keep: whole resource blocks")
        hertz, work = problem.hertz(share), problem.work(device, j)
        keep("least share", required(device.least_hz, slack), hertz)
        if device.most_hz is not None:
            keep("largest share", hertz, relaxed(device.most_hz, slack))
        for limit in problem.device_limits(device, j, slack):
            keep(*limit)
        band += iv.mpf(share)
        if problem.sharing == "batched":
            total, work = total + work, ZERO
        elif problem.sharing == "allocated" and work.b > 0:
            need(part > 0, "a share of the server is missing")
            server, work = server + iv.mpf(part), work / iv.mpf(part)
        times_ = [device.time(j, device.load(j, stage), hertz)[0] + work for stage in stages]
        longest = [larger(x, y) for x, y in zip(longest, times_)]
    keep("bandwidth", band, relaxed(problem.band, slack) if problem.block is None else iv.mpf(problem.blocks))
    keep("server share", server, 1 + slack)
    for name, limit, _, found in sums:
        keep("limit " + name, found, limit)
    total += sum((stage[3] * time for stage, time in zip(stages, longest)), ZERO)
    keep("round delay", total, iv.mpf(claimed))
    if problem.deadline is not None:
        keep("deadline", total, relaxed(problem.deadline, slack))
    return claimed


# The bound -------------------------------------------------------------------------------------------------------------

PRICES = "perHertz perShare perByte perBit perAccuracy perSecond"


class Bound:
    def __init__(self, problem, form, seconds):
        self.problem, self.seconds, self.stages = problem, seconds, problem.stages(form)
        self.couplings = list(problem.couplings(problem.slack))
        self.most_server = 1 + problem.slack
        self.known = {}

    def limits(self, price):
        problem = self.problem
        band = relaxed(problem.band, problem.slack) if problem.block is None else problem.hertz(problem.blocks)
        total = times(price["perHertz"], band) + times(price["perShare"], self.most_server)
        total += sum((times(price[name], limit) for name, limit, _ in self.couplings), ZERO)
        return INF if self.seconds == INF and price["perSecond"] > 0 else (
            total + times(price["perSecond"], iv.mpf(self.seconds))).b

    def figures(self, n, j):
        """Loads with own work, the least time of each, and the range of shares."""
        if (n, j) not in self.known:
            problem, device = self.problem, self.problem.devices[n]
            least, most = problem.share_range(device)
            work = problem.work(device, j)
            own = {"batched": ZERO, "equal": work}.get(problem.sharing, work / self.most_server)
            loads = [device.load(j, stage) for stage in self.stages]
            loads = [(load[0] + own, load[1], load[2]) for load in loads]
            fastest = [device.time(j, load, problem.hertz(most))[0].a if 0 < most >= least else INF for load in loads]
            self.known[n, j] = loads, fastest, least, most
        return self.known[n, j]

    def price(self, n, j, witness, price, low, high):
        """Axis, and lower bounds on the price at both its ends."""
        problem, device = self.problem, self.problem.devices[n]
        fixed = sum((times(price[name], amount(device, j)) for name, _, amount in self.couplings), ZERO)
        if j < 0:
            return 0, fixed.a, fixed.a
        loads, fastest, least, most = self.figures(n, j)
        if not least <= most or any(time > limit for time, limit in zip(fastest, high)):
            return 0, INF, INF
        work, (at, mixture, stage) = problem.work(device, j), witness
        if problem.sharing == "batched":
            fixed += times(price["perSecond"], work)
        divided = problem.sharing == "allocated" and work.b > 0 and price["perShare"] > 0
        constant = lambda value: (0, (fixed + value).a, (fixed + value).a)
        if high[0] == INF or at is None and not divided:
            return constant(times(price["perHertz"], problem.hertz(least)))
        if divided:
            return constant(iv.mpf(self.together(device, j, work, price, high[0], at, mixture, least, most)))
        if problem.block is not None:
            late = at >= least and any(device.time(j, load, problem.hertz(at))[0].a > limit
                                       for load, limit in zip(loads, high))
            return constant(times(price["perHertz"], problem.hertz(math.floor(at) + 1 if late else least)))
        axis = min(len(loads) - 1, int(stage or 0))
        if at == 0:
            return constant(times(price["perHertz"], iv.mpf(least)))
        value, slope = device.time(j, loads[axis], iv.mpf(at))
        if not slope.b < 0:
            return constant(times(price["perHertz"], iv.mpf(least)))
        shares = [iv.mpf(at) + (iv.mpf(x) - value) / slope for x in (low[axis], high[axis])]
        return (axis, *((fixed + times(price["perHertz"], share)).a for share in shares))

    def together(self, device, j, work, price, seconds, at, mixture, least, most):
        """A lower bound on λ·b + μ·w/(t − time(b)) by its slopes at a share."""
        problem, load = self.problem, device.load(j, self.stages[0])

        def at_share(share):
            hertz = problem.hertz(share)
            time, slope = device.time(j, load, hertz, mixture)
            left, priced = iv.mpf(seconds) - time, iv.mpf(price["perShare"]) * work
            if left.a <= 0:
                lowest = (priced / left.b).a if left.b > 0 else INF
                return iv.mpf([(times(price["perHertz"], hertz) + lowest).a, INF]), None
            return times(price["perHertz"], hertz) + priced / left, iv.mpf(price["perHertz"]) + priced / left * slope / left

        usable = at is not None and at > 0 and (problem.block is None or at == int(at) and least <= at <= most)
        here = at if usable and at_share(at)[1] is not None else most
        value, rise = at_share(here)
        if rise is None:
            return 0
        bounds = [value.a]
        if here < most:
            right = (rise if problem.block is None else at_share(here + 1)[0] - value).a
            bounds += [(value + right * (iv.mpf(most) - iv.mpf(here))).a] if right < 0 else []
        if here > least:
            left = (rise if problem.block is None else value - at_share(here - 1)[0]).b
            bounds += [(value + left * (iv.mpf(least) - iv.mpf(here))).a] if left > 0 else []
        return max([ZERO.a, min(bounds)])

    def judge(self, opened, low, high, price, witnesses):
        """Functions that tell whether the part is refuted, and whether it is with one choice of one device."""
        limits = self.limits(price)
        prices = [{j: self.price(n, j, witness, price, low, high) for j, witness in zip(listed, witnesses[n])}
                  for n, listed in enumerate(opened)]
        corners = range(1 if low == high else 1 << len(self.stages))
        value = lambda entry, corner: entry[1 + (corner >> entry[0] & 1)]
        least = [[min((value(entry, corner) for entry in row.values()), default=INF) for row in prices]
                 for corner in corners]

        def positive(corner, values):
            if INF in values:
                return True
            if limits == INF:
                return False
            ends = [(high if corner >> r & 1 else low)[r] for r in range(len(self.stages))]
            total = sum((times(price["perSecond"] * 1.0, stage[3] * iv.mpf(end))
                         for stage, end in zip(self.stages, ends)), ZERO)
            return (total + sum(map(iv.mpf, values), ZERO) - limits).a > 0

        def with_choice(n, j):
            return j in prices[n] and all(positive(corner, [*least[corner][:n], value(prices[n][j], corner),
                                                            *least[corner][n + 1:]]) for corner in corners)

        def with_someone(corner):
            taking = [min((value(row[j], corner) for j in row if j >= 0), default=INF) for row in prices]
            return all(-1 in row for row in prices) and all(
                positive(corner, [*least[corner][:n], one, *least[corner][n + 1:]]) for n, one in enumerate(taking))

        return lambda: all(positive(corner, least[corner]) or with_someone(corner) for corner in corners), with_choice


def unreplaced(value, device, choices):
    by = [maybe(other, 0) for other in array(value, device.count)]
    kept = [j for j in choices if by[j] is None]
    for j in choices:
        if by[j] is not None:
            need(by[j] in kept, "a replacement is not open")
            k = int(by[j])
            need(all(device.cost[name][k] <= device.cost[name][j] for name in COSTS) and device.limit[k] >= device.limit[j]
                 and device.cost["accuracy"][k] >= device.cost["accuracy"][j], "a replacement is not as good")
    return kept


def check_bound(problem, value):
    at = members(value, "roundSeconds form replacedBy nodes")
    claimed = INF if at["roundSeconds"] is None else number(at["roundSeconds"], 0)
    form = one_of(at["form"], "chain", "stages")
    need(form == "chain" or problem.sharing == "batched", "stages are for a server that serves all at once")
    seconds = claimed if claimed == INF else (iv.mpf(claimed) - problem.aggregation).b
    bound, opened = Bound(problem, form, seconds), []
    for n, device in enumerate(problem.devices):
        kept = problem.admissible(device)
        if at["replacedBy"] is not None:
            kept = unreplaced(array(at["replacedBy"], len(problem.devices))[n], device, kept)
        opened.append([-1] * device.optional + kept)
    low = high = [seconds]
    if problem.sharing == "batched":
        high = [INF if seconds == INF else max(ZERO.a, (iv.mpf(seconds) / stage[3]).b) for stage in bound.stages]
        low = [ZERO.a] * len(high)
    nodes, place, stack = array(at["nodes"]), 0, [(opened, low, high)]
    while stack:
        need(place < len(nodes), "a part is left without a node")
        stack += check_node(bound, nodes[place], *stack.pop())
        place += 1
    need(place == len(nodes), "more nodes than parts")
    late = problem.deadline is not None and claimed >= float(relaxed(problem.deadline, problem.slack).b)
    return INF if late else claimed


def check_node(bound, node, opened, low, high):
    """The parts into which a node divides what is still considered."""
    need(isinstance(node, dict), "an object is expected")
    if "device" in node:
        at = members(node, "device choices")
        n = integer(at["device"], 0, len(opened) - 1)
        chosen = {integer(j, -1) for j in array(at["choices"])}
        side = lambda keep: [*opened[:n], [j for j in opened[n] if (j in chosen) == keep], *opened[n + 1:]]
        return [(side(False), low, high), (side(True), low, high)]
    if "threshold" in node:
        at = members(node, "threshold at")
        axis, cut = integer(at["threshold"], 0, len(low) - 1), iv.mpf(number(at["at"])).a
        above = [max(x, cut) if r == axis else x for r, x in enumerate(low)]
        return [(opened, above, high), (opened, low, [min(x, cut) if r == axis else x for r, x in enumerate(high)])]
    at = members(node, "prices witnesses without")
    price = {name: maybe(given, 0) or 0 for name, given in members(at["prices"], PRICES).items()}
    given = [{}] * len(opened) if at["witnesses"] is None else array(at["witnesses"], len(opened))
    witnesses = []
    for entry, listed in zip(given, opened):
        count, columns = sum(j >= 0 for j in listed), members(entry, "at mixture stage").values()
        columns = [[None] * count if column is None else [maybe(x, 0) for x in array(column, count)] for column in columns]
        witnesses.append([(None, None, None)] * (len(listed) - count) + list(zip(*columns)))
    refuted, refuted_with = bound.judge(opened, low, high, price, witnesses)
    if at["without"] is None:
        need(refuted(), "does not prove that no plan here is within the claim")
        return []
    gone = [{integer(j, -1) for j in array(listed)} for listed in array(at["without"], len(opened))]
    need(all(refuted_with(n, j) for n, listed in enumerate(gone) for j in listed), "a choice is dropped without proof")
    return [([[j for j in listed if j not in out] for listed, out in zip(opened, gone)], low, high)]


def check(text):
    """What a certificate proves, or Refused."""
    try:
        return checked(text)
    except (RecursionError, ArithmeticError) as error:
        raise Refused(f"cannot be judged: {error!r}") from None


def checked(text):
    """What a certificate proves: a round that a plan keeps, and one that no plan keeps; None where there is no claim."""
    need(len(text) <= MAXIMUM_LENGTH and text.count("[") + text.count("{") <= MAXIMUM_OPENED
         and text.count(",") <= MAXIMUM_SEPARATED, "too large")
    try:
        value = json.loads(text, parse_int=float, parse_constant=lambda word: need(False, "not JSON"))
    except ValueError:
        raise Refused("not JSON") from None
    at = members(value, "format version generator problemSha256 fileSha256 problem claims")
    one_of(at["format"], "sft-opt certificate")
    need(all(isinstance(at[name], (str, type(None))) for name in ("generator", "fileSha256")), "a text is expected")
    digest = hashlib.sha256(canonical(at["problem"]).encode("utf-8", "surrogatepass")).hexdigest()
    need(digest == at["problemSha256"], "the hash is not that of the problem")
    if isinstance(at["problem"], dict) and at["problem"].get("kind") == "quadratic-program":
        integer(at["version"], 1, 1)
        program = json.loads(text)
        return check_programs.check(program["problem"], program["claims"])[:2]
    need(iv is not None, "mpmath is needed")
    integer(at["version"], 2, 2)
    claims, problem = members(at["claims"], "plan bound"), Problem(at["problem"])
    need(claims["plan"] is not None or claims["bound"] is not None, "nothing is claimed")
    plan = None if claims["plan"] is None else check_plan(problem, claims["plan"])
    return plan, None if claims["bound"] is None else check_bound(problem, claims["bound"])


def main(path):
    try:
        with open(path, encoding="utf-8") as file:
            plan, bound = check(file.read(MAXIMUM_LENGTH + 1))
    except (OSError, UnicodeDecodeError) as error:
        print(f"unreadable: {error}")
        return 2
    except (Refused, check_programs.Refused) as error:
        print(f"refused: {error}".translate({code: 0xFFFD for code in [*range(32), *range(127, 160)]}))
        return 3
    print("proven:" + (f" plan {plan!r}" if plan is not None else "") + (f" bound {bound!r}" if bound is not None else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else 2)
