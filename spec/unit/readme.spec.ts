import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');
describe('the README', () => {
  it('shows the two commands that continuous integration runs', () => {
    const commands = [...readme.matchAll(/<!-- run -->\s+```sh\n(.*?)\n```/gsu)].map(([, command]) => command);
    expect(commands).toEqual(['npm ci && npm run solve -- examples/campus.yaml', 'npm ci && npm test']);
  });
});
