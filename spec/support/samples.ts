/** True in `npm run bench -- properties`. */
const takesAll = process.env['SFT_OPT_SAMPLES'] === 'all';

/** How many samples a property takes: few in `npm test`, where each class must still be reached, all in the bench. */
export function samples(few: number, all: number): number {
  return takesAll ? all : few;
}
