"""Judges intervals of logarithms at 100 digits: reads lines `log|log1p x lo hi` (doubles in hexadecimal), writes how many are
judged and each that does not hold the true value with room for the error of these 100 digits. For bench/interval-kernel.ts."""
import struct
import sys

import mpmath

mpmath.mp.dps = 100
room = mpmath.mpf(10) ** -95


def double(word):
    return struct.unpack(">d", bytes.fromhex(word))[0]


judged = 0
for line in sys.stdin:
    name, *words = line.split()
    x, lo, hi = (double(word) for word in words)
    exact = x == (1.0 if name == "log" else 0.0)
    value = mpmath.log(mpmath.mpf(x)) if name == "log" else mpmath.log1p(mpmath.mpf(x))
    slack = abs(value) * room
    judged += 1
    if exact:
        holds = lo <= 0 <= hi
    else:
        holds = value != 0 and mpmath.mpf(lo) < value - slack and value + slack < mpmath.mpf(hi)
    if not holds:
        print(f"{name} {x!r}: {lo!r} {hi!r}")
print(f"judged {judged}")
