import { describe, expect, it } from 'vitest';
import { readTrace } from '../../../../lib/io/scenario-file/trace.js';

describe('a trace', () => {
  it('has its columns among others, with blanks, comments and numbers of any decimal form', () => {
    const text = '\uFEFF# a walk\r\nnote, seconds, x, y\r\nstart, 0, 1e2, -.5\r\n\r\nend, 10, +5., 0\r\n';
    expect(readTrace(text)).toEqual([
      { seconds: 0, xMetre: 100, yMetre: -0.5 },
      { seconds: 10, xMetre: 5, yMetre: 0 },
    ]);
  });

  it.each([
    ['note,seconds,x,y\n"1,2,3,4,5",0,100,0\n', 'line 2: it has quotes'],
    ['seconds,x,y\n"0","100","0"\n', 'line 2: it has quotes'],
    ['"seconds",x,y\n0,100,0\n', 'line 1: it has quotes'],
    ['seconds,x,y\n0,1,2\n\n5,100,0,7\n', 'line 4: it has 4 cells; the header has 3'],
    ['seconds,x,y\n0,100\n', 'line 2: it has 2 cells; the header has 3'],
    ['#\nseconds,x,x,y\n0,100,7,0\n', 'line 2: it has two columns x'],
    ['seconds,x,y\n0,0x64,0\n', 'line 2: x is `0x64`, no decimal number'],
    ['seconds,x,y\n0,0b11,0\n', 'line 2: x is `0b11`'],
    ['seconds,x,y\n0,1,Infinity\n', 'line 2: y is `Infinity`'],
    ['seconds,x,y\n0,1,1e999\n', 'line 2: y is `1e999`'],
    ['seconds,x,y\n0,,1\n', 'line 2: x is ``'],
    ['seconds,x,y\n0,1,1\n0,2,2\n', 'line 3: times must increase'],
    ['seconds;x;y\n0;1;1\n', 'no column seconds, x, y'],
    ['seconds,x,y\n', 'no rows'],
    ['', 'no column seconds, x, y'],
  ])('%j is refused', (text, message) => {
    expect(() => readTrace(text)).toThrow(message);
  });
});
