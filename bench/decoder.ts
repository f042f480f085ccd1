/**
 * The small decoder trained for real, as `sft-opt train` does it.
 *
 *   npx tsx bench/decoder.ts frontier   how much of all traffic, adapters included, is saved at what loss of accuracy and perplexity
 *   npx tsx bench/decoder.ts plan [steps] [passes]   four unlike devices: the plan against fixed cuts and equal bandwidth,
 *                                       predicted and measured, with rounds of 5 steps and 5 passes or so many
 *
 * Results go to bench/results; what is done (of the second the profile and each pass) is kept in .cache/bench, as long as the
 * code is the same. No name: both.
 */
import { frontier } from './decoder/frontier.js';
import { plan } from './decoder/plan.js';

process.env['TF_NUM_INTRAOP_THREADS'] ??= '1';
process.env['TF_NUM_INTEROP_THREADS'] ??= '1';

const [what, steps = '5', passes = '5'] = process.argv.slice(2);
if (what !== 'plan') await frontier();
if (what !== 'frontier') await plan(Number(steps), Number(passes));
