#!/usr/bin/env node
import { runAmpl } from './ampl/run.js';

process.exitCode = await runAmpl(process.argv.slice(2), {
  environment: process.env,
  print: (text) => process.stdout.write(`${text}\n`),
  printError: (text) => process.stderr.write(`${text}\n`),
});
