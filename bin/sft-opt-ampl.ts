#!/usr/bin/env node
import { runAmpl } from './ampl/run.js';
import { escapeControls } from './escape.js';

process.exitCode = await runAmpl(process.argv.slice(2), {
  environment: process.env,
  print: (text) => process.stdout.write(`${escapeControls(text)}\n`),
  printError: (text) => process.stderr.write(`${escapeControls(text)}\n`),
});
