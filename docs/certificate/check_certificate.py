#!/usr/bin/env python3
"""A second checker of sft-opt certificates, written from README.md beside it. Needs Python 3.9, and mpmath for plans.

    python3 check_certificate.py proof.json        prints what is proven; exit code 0 proven, 3 refused, 2 unreadable

Arithmetic: mpmath intervals of 160 bits, so nothing of the first checker's arithmetic is shared.
"""
import hashlib
import json
import math
import sys

import check_programs

try:
    from mpmath import iv

    iv.prec = 160
except ImportError:
    iv = None
INF = math.inf
MAXIMUM_BYTES = 128 * 2**20
MAXIMUM_DEPTH = 16


class Refused(Exception):
    """The certificate does not prove what it claims, or is not what the format says."""


def need(condition, place, reason):
    if not condition:
        raise Refused(f"{place}: {reason}")


def members(value, place, names, optional=()):
    need(isinstance(value, dict), place, "an object is expected")
    for name in value:
        need(name in names, place, f"unknown member {name[:40]!r}")
    for name in names:
        need(name in value or name in optional, place, f'member "{name}" is missing')
    return {name: value.get(name) for name in names}


def number(value, place, least=-INF, most=INF):
    need(isinstance(value, (int, float)) and not isinstance(value, bool), place, "a number is expected")
    try:
        value = float(value)
    except OverflowError:
        value = INF
    need(math.isfinite(value) and least <= value <= most, place, "out of range")
    return value


def integer(value, place, least, most=2**53 - 1):
    value = number(value, place, least, most)
    need(value == int(value), place, "a whole number is expected")
    return int(value)


def array(value, place, length=None):
    need(isinstance(value, list), place, "a list is expected")
    need(length is None or len(value) == length, place, f"{length} entries are expected")
    return value


def numbers(value, place, length, least=-INF, nullable=False):
    return [None if nullable and entry is None else number(entry, f"{place}.{k}", least)
            for k, entry in enumerate(array(value, place, length))]


def one_of(value, place, words):
    need(isinstance(value, str) and value in words, place, "one of " + ", ".join(words) + " is expected")
    return value


def lower(x):
    return x.a


def upper(x):
    return x.b


# Canonical JSON (RFC 8785) ------------------------------------------------------------------------------------------


def es_number(x):
    """A double as ECMAScript writes it."""
    x = float(x)
    if x == 0:
        return "0"
    if x < 0:
        return "-" + es_number(-x)
    mantissa, _, exponent = repr(x).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole.lstrip("0")) if whole.strip("0") else -(len(fraction) - len(fraction.lstrip("0")))
    point += int(exponent or 0)
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    sign = "+" if point > 0 else "-"
    head = digits[0] + ("." + digits[1:] if count > 1 else "")
    return f"{head}e{sign}{abs(point - 1)}"


def canonical(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(text(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(entry) for entry in value) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return text(value) if isinstance(value, str) else es_number(value)


def text(value):
    """A text as JSON.stringify writes it: lone surrogates escaped, everything else that need not be left as it is."""
    quoted = json.dumps(value, ensure_ascii=False).replace("\x7f", "\x7f")
    return "".join(f"\\u{ord(c):04x}" if 0xD800 <= ord(c) <= 0xDFFF else c for c in quoted)


# The resolved problem ------------------------------------------------------------------------------------------------

COSTS = ("preSeconds", "postSeconds", "uplinkBits", "downlinkBits", "adapterBits", "serverSeconds",
         "serverMemoryBytes", "deviceMemoryBytes", "accuracy")
LABELS = ("blocks", "upPoint", "downPoint")


class Law:
    """1/R(b) = mean over samples of max(1/(η·b), ln 2/(b·ln(1 + a/b))) / u; a linear law has no samples."""

    def __init__(self, value, place):
        need(isinstance(value, dict), place, "an object is expected")
        kind = one_of(value.get("kind"), place, ("linear", "shannon", "faded"))
        positive = lambda x: number(x, place, 5e-324)
        if kind == "linear":
            at = members(value, place, ("kind", "useFraction", "bitsPerSecondPerHz"))
            self.samples, self.efficiency = [], positive(at["bitsPerSecondPerHz"])
        else:
            at = members(value, place, ("kind", "useFraction", "snrBandwidthHz", "efficiencyLimit"), ("efficiencyLimit",))
            samples = [at["snrBandwidthHz"]] if kind == "shannon" else array(at["snrBandwidthHz"], place)
            need(len(samples) > 0, place, "samples are missing")
            self.samples = [iv.mpf(positive(a)) for a in samples]
            self.efficiency = INF if at["efficiencyLimit"] is None else positive(at["efficiencyLimit"])
        self.use = iv.mpf(number(at["useFraction"], place, 5e-324, 1))

    def inverse(self, b, limit=INF):
        """Seconds a bit at b Hz."""
        efficiency = min(self.efficiency, limit)
        cap = iv.mpf(0) if efficiency == INF else 1 / (iv.mpf(efficiency) * b)
        if not self.samples:
            return cap / self.use
        each = [iv.log(2) / (b * iv.log(1 + a / b)) for a in self.samples]
        return sum((iv.mpf([max(x.a, cap.a), max(x.b, cap.b)]) for x in each), iv.mpf(0)) / (len(each) * self.use)

    def line(self, b, mixture, limit=INF):
        """Value and slope at b of a line below 1/R: for each sample that of the larger branch, or a mean where they meet."""
        efficiency = min(self.efficiency, limit)
        cap = iv.mpf(0) if efficiency == INF else 1 / (iv.mpf(efficiency) * b)
        if not self.samples:
            return cap / self.use, -cap / b / self.use
        value = slope = iv.mpf(0)
        for a in self.samples:
            z = a / b
            log = iv.log(1 + z)
            own = iv.log(2) / (b * log)
            fall = -own * (log - z / (1 + z)) / (b * log)
            near = abs(float(cap.a) - float(own.a)) <= 1e-6 * float(own.a)
            weight = iv.mpf(min(1.0, max(0.0, mixture)) if near else float(cap.a > own.a))
            value += weight * cap + (1 - weight) * own
            slope += weight * (-cap / b) + (1 - weight) * fall
        factor = len(self.samples) * self.use
        return value / factor, slope / factor


class Problem:
    def __init__(self, value):
        names = ("kind", "sharing", "stepsPerRound", "aggregationSeconds", "deadlineSeconds", "bandwidthHz",
                 "resourceBlockHz", "resourceBlocks", "serverMemoryBytes", "accuracyScope", "accuracyMinimum",
                 "limitTolerance", "devices")
        at = members(value, "problem", names)
        one_of(at["kind"], "problem.kind", ("split-fine-tuning",))
        maybe = lambda name, least=-INF: None if at[name] is None else number(at[name], "problem." + name, least)
        self.sharing = one_of(at["sharing"], "problem.sharing", ("allocated", "equal", "batched"))
        self.steps = integer(at["stepsPerRound"], "problem.stepsPerRound", 1)
        self.aggregation = number(at["aggregationSeconds"], "problem.aggregationSeconds", 0)
        self.deadline = maybe("deadlineSeconds", 0)
        self.band = number(at["bandwidthHz"], "problem.bandwidthHz", 5e-324)
        self.block = maybe("resourceBlockHz", 5e-324)
        need((self.block is None) == (at["resourceBlocks"] is None), "problem", "resource blocks need both members")
        self.blocks = None if self.block is None else integer(at["resourceBlocks"], "problem.resourceBlocks", 0)
        self.memory = maybe("serverMemoryBytes")
        self.scope = one_of(at["accuracyScope"], "problem.accuracyScope", ("mean", "each"))
        self.minimum = maybe("accuracyMinimum")
        self.tolerance = number(at["limitTolerance"], "problem.limitTolerance", 0, 1e-6)
        self.relaxed = 1 + iv.mpf(self.tolerance)
        self.devices = [Device(self, device, f"problem.devices.{n}")
                        for n, device in enumerate(array(at["devices"], "problem.devices"))]
        need(len(self.devices) > 0, "problem.devices", "at least one device is expected")

    def required(self, slack):
        return iv.mpf(self.minimum) - slack * abs(iv.mpf(self.minimum))

    def memory_limit(self, limit, slack):
        return iv.mpf(limit) + slack * abs(iv.mpf(limit))

    def hertz(self, share):
        return iv.mpf(share) * iv.mpf(self.block) if self.block is not None else iv.mpf(share)


class Device:
    def __init__(self, problem, value, place):
        at = members(value, place, ("name", "optional", "weight", "minimumBandwidthHz", "maximumBandwidthHz",
                                    "memoryBytes", "uplink", "downlink", "choices"))
        need(isinstance(at["name"], str) and isinstance(at["optional"], bool), place, "name and optional")
        self.name, self.optional = at["name"], at["optional"]
        self.weight = number(at["weight"], place + ".weight", 5e-324)
        self.least_hz = number(at["minimumBandwidthHz"], place, 0)
        self.most_hz = None if at["maximumBandwidthHz"] is None else number(at["maximumBandwidthHz"], place, 0)
        self.memory = None if at["memoryBytes"] is None else number(at["memoryBytes"], place)
        self.up, self.down = Law(at["uplink"], place + ".uplink"), Law(at["downlink"], place + ".downlink")
        columns = members(at["choices"], place + ".choices", LABELS + COSTS + ("uplinkEfficiencyLimit",))
        self.count = len(array(columns["blocks"], place))
        for name in LABELS:
            for label in array(columns[name], place, self.count):
                integer(label, place, 0)
        self.cost = {name: numbers(columns[name], f"{place}.{name}", self.count, -INF if name == "accuracy" else 0)
                     for name in COSTS}
        limits = numbers(columns["uplinkEfficiencyLimit"], place, self.count, 0, True)
        self.limit = [INF if limit is None else limit for limit in limits]
        slack = iv.mpf(problem.tolerance)
        self.open = [j for j in range(self.count) if not (
            self.limit[j] == 0 or self.memory is not None and self.cost["deviceMemoryBytes"][j] > upper(problem.memory_limit(self.memory, slack))
            or problem.scope == "each" and problem.minimum is not None
            and self.cost["accuracy"][j] < lower(problem.required(slack)))]
        # Shares that an admissible plan may give: hertz, or whole blocks.
        least = iv.mpf(self.least_hz) * (1 - slack)
        most = iv.mpf(min(self.most_hz if self.most_hz is not None else INF, problem.band)) * (1 + slack)
        if problem.block is None:
            self.least, self.most = max(iv.mpf(0).a, least.a), most.b
        else:
            self.least = max(1, math.ceil(float((least / problem.block).a) - 1e-9))
            self.most = min(problem.blocks, math.floor(float((most / problem.block).b) + 1e-9))

    def time(self, seconds, up, down, limit, hertz):
        total = seconds
        if upper(up) > 0:
            total = total + up * self.up.inverse(hertz, limit)
        if upper(down) > 0:
            total = total + down * self.down.inverse(hertz)
        return total

    def time_line(self, requirement, hertz, mixture):
        seconds, up, down, limit = requirement
        value, slope = seconds, iv.mpf(0)
        for bits, law, cap in ((up, self.up, limit), (down, self.down, INF)):
            if upper(bits) > 0:
                v, s = law.line(hertz, mixture, cap)
                value, slope = value + bits * v, slope + bits * s
        return value, slope

    def of(self, name, j):
        return iv.mpf(self.cost[name][j])

    def chain(self, problem, j):
        k = iv.mpf(problem.steps)
        return (k * (self.of("preSeconds", j) + self.of("postSeconds", j)),
                k * self.of("uplinkBits", j) + self.of("adapterBits", j),
                k * self.of("downlinkBits", j) + self.of("adapterBits", j), self.limit[j])

    def work(self, problem, j):
        return iv.mpf(problem.steps) * self.of("serverSeconds", j) * (
            len(problem.devices) if problem.sharing == "equal" else 1)


# The plan --------------------------------------------------------------------------------------------------------------


def check_plan(problem, value):
    at = members(value, "claims.plan", ("roundSeconds", "slack", "devices"))
    claimed = number(at["roundSeconds"], "claims.plan.roundSeconds", 0)
    slack = iv.mpf(0 if one_of(at["slack"], "claims.plan.slack", ("none", "limit-tolerance")) == "none"
                   else problem.tolerance)
    band = server = memory = missing = iv.mpf(0)
    work = pre = step = end = longest = iv.mpf(0)
    largest = lambda x, y: iv.mpf([max(x.a, y.a), max(x.b, y.b)])
    keep = lambda what, found, limit: need(upper(found) <= lower(limit), "claims.plan", f"not shown to keep: {what}")
    for n, entry in enumerate(array(at["devices"], "claims.plan.devices", len(problem.devices))):
        device = problem.devices[n]
        if entry is None:
            need(device.optional, "claims.plan", f"participation of {device.name}")
            continue
        place = f"claims.plan.devices.{n}"
        decision = members(entry, place, ("choice", "share", "serverShare"))
        j = integer(decision["choice"], place, 0, device.count - 1)
        share, part = number(decision["share"], place, 0), number(decision["serverShare"], place, 0)
        hertz = problem.hertz(share)
        if problem.block is not None:
            need(share == int(share), place, "whole resource blocks are expected")
        band += iv.mpf(share)
        divided = problem.sharing == "allocated" and device.cost["serverSeconds"][j] > 0
        if divided:
            need(part > 0, place, "a share of the server is missing")
            server += iv.mpf(part)
        memory += device.of("serverMemoryBytes", j)
        if device.most_hz is not None:
            keep(f"largest share of {device.name}", hertz, iv.mpf(device.most_hz) * (1 + slack))
        keep(f"least share of {device.name}", iv.mpf(device.least_hz) * (1 - slack), hertz)
        if device.memory is not None:
            keep(f"memory of {device.name}", device.of("deviceMemoryBytes", j), problem.memory_limit(device.memory, slack))
        if problem.minimum is not None:
            short = problem.required(slack) - device.of("accuracy", j)
            if problem.scope == "each":
                keep(f"accuracy of {device.name}", short, iv.mpf(0))
            missing += iv.mpf(device.weight) * short
        own = device.work(problem, j)
        seconds, up, down, limit = device.chain(problem, j)
        need(limit > 0, place, f"not shown to keep: energy of {device.name}")
        need(share > 0 or upper(up) == upper(down) == 0, place, "a share is missing")
        longest = largest(longest, device.time(seconds, up, down, limit, hertz) + (own / iv.mpf(part) if divided else own))
        first = device.time(device.of("preSeconds", j), device.of("uplinkBits", j), iv.mpf(0), limit, hertz)
        last = device.time(device.of("postSeconds", j), iv.mpf(0), device.of("downlinkBits", j), limit, hertz)
        adapters = device.of("adapterBits", j)
        work, pre, step = work + own, largest(pre, first), largest(step, first + last)
        end = largest(end, last + device.time(iv.mpf(0), adapters, adapters, limit, hertz))
    if problem.block is not None:
        keep("resource blocks", band, iv.mpf(problem.blocks))
    else:
        keep("bandwidth", band, iv.mpf(problem.band) * (1 + slack))
    keep("server share", server, 1 + slack)
    if problem.memory is not None:
        keep("server memory", memory, problem.memory_limit(problem.memory, slack))
    if problem.minimum is not None and problem.scope == "mean":
        keep("mean accuracy", missing, iv.mpf(0))
    separate = problem.sharing != "batched"
    round_seconds = (longest if separate else pre + work + (problem.steps - 1) * step + end) + iv.mpf(problem.aggregation)
    keep("round delay", round_seconds, iv.mpf(claimed))
    if problem.deadline is not None:
        keep("deadline", round_seconds, iv.mpf(problem.deadline) * (1 + slack))
    return claimed


# The bound -------------------------------------------------------------------------------------------------------------

PRICES = ("perHertz", "perShare", "perByte", "perAccuracy")


class Evidence:
    def __init__(self, problem, prices, witnesses, counts, place):
        at = members(prices, place + ".prices", PRICES)
        self.price = {name: number(at[name], f"{place}.prices.{name}", 0) for name in PRICES}
        need(self.price["perShare"] == 0 or problem.sharing == "allocated", place, "no server share to price")
        need(self.price["perByte"] == 0 or problem.memory is not None, place, "no server memory to price")
        need(self.price["perAccuracy"] == 0 or problem.minimum is not None and problem.scope == "mean", place,
             "no mean accuracy to price")
        names = ("at", "mixture", "tooSmall", "stage")
        self.witness = []
        for n, count in enumerate(counts):
            value = {} if witnesses is None else array(witnesses, place, len(counts))[n]
            columns = members(value, f"{place}.witnesses.{n}", names, names)
            self.witness.append({name: [None] * count if columns[name] is None else
                                 numbers(columns[name], place, count, 0, True) for name in names})

    def limits(self, problem):
        price, relaxed = self.price, problem.relaxed
        band = (iv.mpf(problem.band) * relaxed if problem.block is None
                else iv.mpf(problem.blocks) * iv.mpf(problem.block))
        total = iv.mpf(price["perHertz"]) * band + iv.mpf(price["perShare"]) * relaxed
        if price["perByte"] > 0:
            total += iv.mpf(price["perByte"]) * problem.memory_limit(problem.memory, iv.mpf(problem.tolerance))
        return total

    def coupling(self, problem, device, j):
        total = iv.mpf(self.price["perByte"]) * device.of("serverMemoryBytes", j)
        if self.price["perAccuracy"] > 0:
            missing = problem.required(iv.mpf(problem.tolerance)) - device.of("accuracy", j)
            total += iv.mpf(self.price["perAccuracy"]) * iv.mpf(device.weight) * missing
        return total


def share_price(problem, device, j, seconds, evidence, n, k):
    """A lower bound on perHertz·b + perShare·s of a choice within `seconds`; ∞ if it cannot be in time."""
    least, most = device.least, device.most
    if not least <= most:
        return INF
    per_hertz, per_share = iv.mpf(evidence.price["perHertz"]), iv.mpf(evidence.price["perShare"])
    hertz_price = lambda share: per_hertz * problem.hertz(share)
    if seconds == INF:
        return lower(hertz_price(least))
    work, need_ = device.work(problem, j), device.chain(problem, j)
    divided = problem.sharing == "allocated" and upper(work) > 0
    time = lambda share: device.time(*need_, problem.hertz(share))
    late = lambda share: lower(time(share) + (work / problem.relaxed if divided else work)) > seconds
    if late(most):
        return INF
    column = evidence.witness[n]
    small, at, mixture = column["tooSmall"][k], column["at"][k], column["mixture"][k] or 0.0
    if small is not None and small > 0 and least <= small < most and late(small):
        least = math.floor(small) + 1 if problem.block is not None else small
    if not divided or evidence.price["perShare"] == 0:
        return lower(hertz_price(least))

    def server(share):
        left = iv.mpf(seconds) - time(share)
        return per_share * work / left if lower(left) > 0 else None

    shortest = server(most)
    apart = lower(hertz_price(least) + (shortest if shortest is not None else 0))
    if at is None or not 0 < at <= most:
        return apart
    if problem.block is not None:
        together = blocks_price(hertz_price, server, least, most, at)
    else:
        value, slope = device.time_line(need_, iv.mpf(at), mixture)
        left = iv.mpf(seconds) - value
        together = -INF
        if lower(left) > 0:
            price = hertz_price(at) + per_share * work / left
            rise = per_hertz + per_share * work / left * slope / left
            together = min(lower(price + rise * (iv.mpf(b) - iv.mpf(at))) for b in (least, most))
    return max(apart, together)


def blocks_price(hertz_price, server, least, most, at):
    if at != int(at) or at < least or server(at) is None:
        return -INF
    at = int(at)
    price = lambda count: hertz_price(count) + server(count) if server(count) is not None else None
    here = price(at)

    def beyond(count, steps):
        there = price(count)
        if there is None:
            return -INF
        rise = lower(there - here)
        return lower(there) if rise >= 0 else lower(there + steps * iv.mpf(rise))

    return min([lower(here)] + ([beyond(at + 1, most - at - 1)] if at < most else [])
               + ([beyond(at - 1, at - 1 - least)] if at > least else []))


def values(problem, opened, seconds, evidence, n):
    device, listed = problem.devices[n], opened[n]
    out = 1 if listed[:1] == [-1] else 0
    result = []
    for place, j in enumerate(listed):
        share = 0 if j == -1 else share_price(problem, device, j, seconds, evidence, n, place - out)
        result.append(share if j == -1 or share == INF else lower(evidence.coupling(problem, device, j) + share))
    return result


def plus(x, y):
    return INF if INF in (x, y) else lower(iv.mpf(x) + iv.mpf(y))


def refutes(problem, opened, seconds, evidence, dropped=None):
    each = [values(problem, opened, seconds, evidence, n) for n in range(len(opened))]
    least = [min(row, default=INF) for row in each]
    limit = upper(evidence.limits(problem))
    if dropped is None:
        total = 0
        for value in least:
            total = plus(total, value)
        return total > limit
    before, after = [0], 0
    for value in least:
        before.append(plus(before[-1], value))
    for n in reversed(range(len(opened))):
        for j in dropped[n]:
            if j not in opened[n] or not plus(plus(before[n], after), each[n][opened[n].index(j)]) > limit:
                return False
        after = plus(after, least[n])
    return True


def stages(problem, device, j, form):
    if form == "chain":
        return [device.chain(problem, j)]
    pre, post = device.of("preSeconds", j), device.of("postSeconds", j)
    up, down, adapters = (device.of(name, j) for name in ("uplinkBits", "downlinkBits", "adapterBits"))
    limit = device.limit[j]
    first, last = (pre, up, iv.mpf(0), limit), (post, adapters, down + adapters, limit)
    return [first, (pre + post, up, down, limit), last] if problem.steps > 1 else [first, last]


LESS_IS_BETTER = COSTS[:7]


def boxes_refute(problem, opened, seconds, leaf, place):
    at = members(leaf, place, ("kind", "form", "lower", "upper", "replacedBy", "parts"), ("replacedBy",))
    form = one_of(at["form"], place, ("chain", "stages"))
    weights = [1] if form == "chain" else [1, problem.steps - 1, 1] if problem.steps > 1 else [1, 1]
    low, high = (numbers(at[name], f"{place}.{name}", len(weights), 0) for name in ("lower", "upper"))
    if problem.sharing != "batched" or seconds == INF:
        return False
    priced = []
    for n, listed in enumerate(opened):
        device, choices = problem.devices[n], [j for j in listed if j >= 0]
        by = [None] * len(choices) if at["replacedBy"] is None else numbers(
            array(at["replacedBy"], place, len(opened))[n], place, len(choices), 0, True)
        kept = {j for j, other in zip(choices, by) if other is None}
        for j, other in zip(choices, by):
            need(other is None or other in kept and device.limit[int(other)] >= device.limit[j]
                 and device.cost["accuracy"][int(other)] >= device.cost["accuracy"][j]
                 and all(device.cost[name][int(other)] <= device.cost[name][j] for name in LESS_IS_BETTER),
                 place, f"choice {other} does not replace choice {j}")
        fastest = lambda j: [lower(device.time(*stage, problem.hertz(device.most))) if device.least <= device.most
                             else INF for stage in stages(problem, device, j, form)]
        priced.append({j: (stages(problem, device, j, form), fastest(j), device.work(problem, j))
                       for j in choices if j in kept})
    needed = [n for n, listed in enumerate(opened) if -1 not in listed]
    spent = iv.mpf(0)
    for n in needed:
        spent += min((lower(entry[2]) for entry in priced[n].values()), default=iv.mpf(0).a)
    for r, weight in enumerate(weights):
        floors = [min((entry[1][r] for entry in priced[n].values()), default=INF) for n in needed]
        if low[r] > max([0] + floors):
            return False
        spent += weight * iv.mpf(low[r])
    left = iv.mpf(seconds) - spent
    left = iv.mpf([max(0, left.a), max(0, left.b)])
    if any(high[r] < upper(iv.mpf(low[r]) + left / weight) for r, weight in enumerate(weights)):
        return False
    parts = array(at["parts"], place)
    need(len(parts) > 0, place, "no part is given")
    seen, stack = set(), [(0, low, high)]
    while stack:
        index, low, high = stack.pop()
        need(index not in seen, place, f"part {index} stands for two boxes")
        seen.add(index)
        if parts[index].get("prices") is not None if isinstance(parts[index], dict) else True:
            part = members(parts[index], place, ("prices", "witnesses"))
            counts = [len(entry) for entry in priced]
            evidence = Evidence(problem, part["prices"], part["witnesses"], counts, f"{place}.parts.{index}")
            if all(a <= b for a, b in zip(low, high)) and not part_refuted(
                    problem, opened, priced, seconds, weights, evidence, low, high):
                return False
            continue
        part = members(parts[index], place, ("axis", "at", "below", "above"))
        axis = integer(part["axis"], place, 0, len(weights) - 1)
        cut = number(part["at"], place)
        below, above = (integer(part[name], place, index + 1, len(parts) - 1) for name in ("below", "above"))
        stack.append((below, low, [min(x, cut) if r == axis else x for r, x in enumerate(high)]))
        stack.append((above, [max(x, cut) if r == axis else x for r, x in enumerate(low)], high))
    return True


def part_refuted(problem, opened, priced, seconds, weights, evidence, low, high):
    corners = [[(v >> r) & 1 for r in range(len(weights))] for v in range(1 << len(weights))]
    sums = [sum((weight * iv.mpf((low, high)[end][r]) for r, (weight, end) in enumerate(zip(weights, corner))),
                iv.mpf(0)) for corner in corners]
    for n, device in enumerate(problem.devices):
        least = [0 if -1 in opened[n] else INF] * len(corners)
        column = evidence.witness[n]
        for k, (j, (needs, fastest, work)) in enumerate(priced[n].items()):
            if any(time > high[r] for r, time in enumerate(fastest)):
                continue
            axis, ends = share_line(problem, device, needs, low, high, column, k)
            fixed = work + evidence.coupling(problem, device, j)
            prices = [lower(fixed + iv.mpf(evidence.price["perHertz"]) * share) for share in ends]
            least = [min(value, prices[corner[axis]]) for value, corner in zip(least, corners)]
        if least[0] == INF:
            return True
        sums = [total + iv.mpf(value) for total, value in zip(sums, least)]
    limits = evidence.limits(problem)
    return all(lower(total - limits) > seconds for total in sums)


def share_line(problem, device, needs, low, high, column, k):
    at, r = column["at"][k], column["stage"][k]
    r = 0 if r is None else r
    if at is not None and at > 0 and r == int(r) and r < len(needs) and problem.block is None:
        r = int(r)
        value, slope = device.time_line(needs[r], iv.mpf(at), column["mixture"][k] or 0.0)
        if upper(slope) < 0:
            return r, [iv.mpf(at) + (iv.mpf(x) - value) / slope for x in (low[r], high[r])]
    small, floor = column["tooSmall"][k], device.least
    late = lambda share: any(lower(device.time(*stage, problem.hertz(share))) > high[i] for i, stage in enumerate(needs))
    if small is not None and small > 0 and device.least <= small < device.most and late(small):
        floor = math.floor(small) + 1 if problem.block is not None else small
    return 0, [problem.hertz(floor)] * 2


def check_bound(problem, value):
    at = members(value, "claims.bound", ("roundSeconds", "nodes"))
    claimed = INF if at["roundSeconds"] is None else number(at["roundSeconds"], "claims.bound.roundSeconds", 0)
    seconds = INF if claimed == INF else upper(iv.mpf(claimed) - iv.mpf(problem.aggregation))
    nodes = array(at["nodes"], "claims.bound.nodes")
    need(len(nodes) > 0, "claims.bound.nodes", "none is given")
    seen, stack = set(), [(0, [([-1] if device.optional else []) + device.open for device in problem.devices])]
    while stack:
        index, opened = stack.pop()
        place = f"claims.bound.nodes.{index}"
        need(index not in seen, place, "has two parents")
        seen.add(index)
        kinds = ("leaf", "split", "drop")
        node = {name: part for name, part in members(nodes[index], place, kinds, kinds).items() if part is not None}
        need(len(node) == 1, place, "is a leaf, a split or a drop")
        (kind, part), = node.items()
        child = lambda where: integer(where, place, index + 1, len(nodes) - 1)
        counts = [sum(j >= 0 for j in listed) for listed in opened]
        if kind == "leaf":
            need(isinstance(part, dict), place, "an object is expected")
            if one_of(part.get("kind"), place, ("threshold", "boxes")) == "boxes":
                proven = boxes_refute(problem, opened, seconds, part, place)
            else:
                part = members(part, place, ("kind", "prices", "witnesses"), ("witnesses",))
                evidence = Evidence(problem, part["prices"], part["witnesses"], counts, place)
                proven = refutes(problem, opened, seconds, evidence)
            need(proven, place, "does not prove that no plan here is within the claim")
        elif kind == "split":
            part = members(part, place, ("device", "choices", "inside", "outside"))
            n = integer(part["device"], place, 0, len(opened) - 1)
            chosen = {integer(j, place, -1) for j in array(part["choices"], place)}
            side = lambda keep: [[j for j in listed if (j in chosen) == keep] if m == n else listed
                                 for m, listed in enumerate(opened)]
            stack.append((child(part["inside"]), side(True)))
            stack.append((child(part["outside"]), side(False)))
        else:
            part = members(part, place, ("prices", "witnesses", "choices", "next"), ("witnesses",))
            dropped = [{integer(j, place, -1) for j in array(gone, place)}
                       for gone in array(part["choices"], place, len(opened))]
            evidence = Evidence(problem, part["prices"], part["witnesses"], counts, place)
            need(refutes(problem, opened, seconds, evidence, dropped), place, "a choice is dropped without proof")
            stack.append((child(part["next"]), [[j for j in listed if j not in gone]
                                                for listed, gone in zip(opened, dropped)]))
    return claimed


def check(data):
    need(len(data) <= MAXIMUM_BYTES, "certificate", "too large")
    depth, quoted = 0, False
    skip = False
    for c in data:
        if quoted:
            skip, quoted = (c == "\\" and not skip), not (c == '"' and not skip)
        elif c == '"':
            quoted = True
        elif c in "{[":
            depth += 1
            need(depth <= MAXIMUM_DEPTH, "certificate", "nested too deeply")
        elif c in "}]":
            depth -= 1
    try:
        value = json.loads(data, parse_constant=lambda word: need(False, "certificate", "not JSON"))
    except (ValueError, RecursionError):
        raise Refused("certificate: not JSON") from None
    names = ("format", "version", "generator", "problemSha256", "fileSha256", "problem", "claims")
    at = members(value, "certificate", names, ("generator", "fileSha256"))
    one_of(at["format"], "format", ("sft-opt certificate",))
    integer(at["version"], "version", 1, 1)
    digest = hashlib.sha256(canonical(at["problem"]).encode("utf-8", "surrogatepass")).hexdigest()
    need(digest == at["problemSha256"], "problemSha256", "is not the hash of the problem in this certificate")
    if isinstance(at["problem"], dict) and at["problem"].get("kind") == "quadratic-program":
        return check_programs.check(at["problem"], at["claims"])[:2]
    need(iv is not None, "certificate", "mpmath is needed")
    problem = Problem(at["problem"])
    claims = members(at["claims"], "claims", ("plan", "bound"), ("plan", "bound"))
    need(claims["plan"] is not None or claims["bound"] is not None, "claims", "nothing is claimed")
    plan = None if claims["plan"] is None else check_plan(problem, claims["plan"])
    bound = None if claims["bound"] is None else check_bound(problem, claims["bound"])
    need(plan is None or bound is None or bound < plan, "claims", "the plan is faster than the bound allows")
    return plan, bound


def main(path):
    try:
        with open(path, encoding="utf-8") as file:
            plan, bound = check(file.read())
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
