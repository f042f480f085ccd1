import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const folder = new URL('../results/', import.meta.url);

/** Prints a table and writes it, with the command, the machine and the date, beside the figures as JSON. */
export function writeResults(name: string, command: string, table: string, figures: unknown): void {
  const [processor] = cpus();
  const machine = `${cpus().length} × ${processor?.model.trim() ?? 'unknown processor'}, Node.js ${process.versions.node}`;
  const date = new Date().toISOString().slice(0, 10);
  const text = `command: ${command}\n${machine}, ${date}\n\n${table}\n`;
  console.log(text);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.txt`, folder), text);
  writeFileSync(
    new URL(`${name}.json`, folder),
    `${JSON.stringify({ command, machine, date, figures }, undefined, 2)}\n`,
  );
}
