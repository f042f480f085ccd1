/**
 * min e^x·y + log(x + 1) + x² + 3z; e^x·y + x ≥ 1; 1 ≤ x + y ≤ 7; x + z = 1; 0 ≤ x ≤ 4, y ∈ {0…9}, z ∈ {0, 1}, with a
 * suffix on y, start x = 1, y = 2 and a dual value of 0.7 for the first constraint.
 */
export const mixedIntegerSample = `g3 1 1 0\t# problem sample
 3 3 1 1 1\t# vars, constraints, objectives, ranges, eqns
 1 1 0 0 0 0\t# nonlinear constrs, objs
 0 0\t# network constraints
 2 2 2\t# nonlinear vars in constraints, objectives, both
 0 0 0 1\t# linear network variables; functions; arith, flags
 1 0 1 0 0\t# discrete variables
 6 3\t# nonzeros
 0 0\t# max name lengths
 1 0 0 0 0\t# common exprs
S0 1 priority
1 5
V3 0 0
o2
o44
v0
v1
C0
v3
C1
n0
C2
n0
O0 0
o54
3
v3
o43
o0
v0
n1
o5
v0
n2
d1
0 0.7
x2
0 1.0
1 2
r
2 1
0 1 7
4 1
b
0 0 4
0 0 9
0 0 1
k2
3
5
J0 2
0 1
1 0
J1 2
0 1
1 1
J2 2
0 1
2 1
G0 3
0 0
1 0
2 3
`;

/** The production problem of Hillier & Lieberman: max 3x + 5y; x ≤ 4; 2y ≤ 12; 3x + 2y ≤ 18; x, y ≥ 0. Optimum 36. */
export const wyndorSample = `g3 0 1 0
 2 3 1 0 0
 0 0
 0 0
 0 0 0
 0 0 0 1
 0 0 0 0 0
 4 2
 0 0
 0 0 0 0 0
C0
n0
C1
n0
C2
n0
O0 1
n0
r
1 4
1 12
1 18
b
2 0
2 0
k1
2
J0 1
0 1
J1 1
1 2
J2 2
0 3
1 2
G0 2
0 3
1 5
`;
