/** How the binary form of a text `.nl` file is to be written. */
export interface BinaryForm {
  readonly letter: 'b' | 'z';
  readonly littleEndian: boolean;
}

/**
 * Turns a plain text `.nl` file (no comments in the body, constants written with n) into the binary form, token by
 * token, without the library's own reader.
 */
export function toBinaryNl(text: string, { letter, littleEndian }: BinaryForm): Uint8Array {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const header = lines.slice(0, 10);
  header[0] = header[0]!.replace(/^g/, letter);
  const sixth = header[5]!.trim().split(/\s+/);
  header[5] = ` ${sixth[0]!} ${sixth[1]!} ${littleEndian ? 1 : 2} ${sixth[3] ?? 0}`;
  const bytes: number[] = [...new TextEncoder().encode(`${header.join('\n')}\n`)];
  const scratch = new DataView(new ArrayBuffer(8));
  const copy = (count: number): void => {
    for (let k = 0; k < count; k++) bytes.push(scratch.getUint8(k));
  };
  const int = (value: string | number): void => {
    scratch.setInt32(0, Number(value), littleEndian);
    copy(4);
  };
  const short = (value: string): void => {
    scratch.setInt16(0, Number(value), littleEndian);
    copy(2);
  };
  const real = (value: string): void => {
    scratch.setFloat64(0, Number(value), littleEndian);
    copy(8);
  };
  const character = (value: string): number => bytes.push(value.charCodeAt(0));
  let pairs = 0;
  let inSides = false;
  let realPairs = true;
  let countsLeft = 0;
  for (const line of lines.slice(10)) {
    const tokens = line.trim().split(/\s+/);
    const first = tokens[0]!;
    if (pairs > 0) {
      int(tokens[0]!);
      if (realPairs) real(tokens[1]!);
      else int(tokens[1]!);
      pairs--;
      continue;
    }
    if (countsLeft > 0) {
      int(first);
      countsLeft--;
      continue;
    }
    if (inSides && /^[0-5]$/.test(first)) {
      character(first);
      for (const value of tokens.slice(1)) real(value);
      continue;
    }
    inSides = false;
    realPairs = true;
    const index = first.slice(1);
    switch (first[0]) {
      case 'o':
        character('o');
        if (letter === 'z') short(index);
        else int(index);
        break;
      case 'n':
        character('n');
        real(index);
        break;
      case 'v':
      case 'C':
        character(first[0]);
        int(index);
        break;
      case 'O':
        character('O');
        int(index);
        int(tokens[1]!);
        break;
      case 'V':
        character('V');
        int(index);
        int(tokens[1]!);
        int(tokens[2]!);
        pairs = Number(tokens[1]);
        break;
      case 'S': {
        character('S');
        int(index);
        int(tokens[1]!);
        const name = tokens[2]!;
        int(name.length);
        for (const letterOfName of name) character(letterOfName);
        pairs = Number(tokens[1]);
        realPairs = (Number(index) & 4) !== 0;
        break;
      }
      case 'x':
      case 'd':
        character(first[0]);
        int(index);
        pairs = Number(index);
        break;
      case 'J':
      case 'G':
        character(first[0]);
        int(index);
        int(tokens[1]!);
        pairs = Number(tokens[1]);
        break;
      case 'k':
        character('k');
        int(index);
        countsLeft = Number(index);
        break;
      case 'r':
      case 'b':
        character(first[0]);
        inSides = true;
        break;
      default:
        int(first); // operand count of an operator that takes any number
    }
  }
  return Uint8Array.from(bytes);
}
