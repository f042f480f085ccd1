/** Problem 71 of Hock and Schittkowski: min x1·x4·(x1 + x2 + x3) + x3; x1·x2·x3·x4 ≥ 25; Σx² = 40; 1 ≤ x ≤ 5. */
export const hs071 = `g3 1 1 0
 4 2 1 0 1
 2 1
 0 0
 4 4 4
 0 0 0 1
 0 0 0 0 0
 8 4
 0 0
 0 0 0 0 0
C0
o2
v0
o2
v1
o2
v2
v3
C1
o54
4
o5
v0
n2
o5
v1
n2
o5
v2
n2
o5
v3
n2
O0 0
o2
o2
v0
v3
o54
3
v0
v1
v2
x4
0 1
1 5
2 5
3 1
r
2 25
4 40
b
0 1 5
0 1 5
0 1 5
0 1 5
k3
2
4
6
J0 4
0 0
1 0
2 0
3 0
J1 4
0 0
1 0
2 0
3 0
G0 4
0 0
1 0
2 1
3 0
`;
