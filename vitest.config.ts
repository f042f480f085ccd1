import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Specs of the library, which leave nothing behind: they share the modules that the ones before them loaded. */
const library = [
  /^spec\/(?:conformance|problems|properties)\//u,
  /^spec\/unit\/(?:auglag|bound|certify|codec|debug|derivative|direct|easy|globalization|integer|interior|io|kkt|lagrangian)\//u,
  /^spec\/unit\/(?:linalg|models|nlp|plan|problem|qp|random|schema|simulate|solver|sqp|statistics|transform|verify)\//u,
  /^spec\/unit\/minimize\/(?:absent-sides|integers|minimize)\.spec/u,
  /^spec\/unit\/comment-examples\.spec/u,
];
/** What measures memory or time of its process, or puts something in a module's place. */
const alone = [
  /^spec\/unit\/harness\/(?:calibrate|validate)\//u,
  /^spec\/unit\/harness\/(?:leaks|live-bytes|optional-package|shared-weights|wall-clock)\.spec/u,
];
/** Specs of the programs that leave nothing behind but loaded modules, TensorFlow.js among them. */
const programs = [
  /^spec\/unit\/(?:ampl|bench|bin|harness|validation)\//u,
  /^spec\/unit\/(?:documentation|documented-blocks|errors|readme)\.spec/u,
];

const isOf = (patterns: readonly RegExp[]) => (path: string) => patterns.some((pattern) => pattern.test(path));

/** Every spec is of one kind: what is new, and said to share nothing, has its process for itself. */
function kindOf(path: string): 'library' | 'programs' | 'processes' {
  if (isOf(library)(path)) return 'library';
  return isOf(programs)(path) && !isOf(alone)(path) ? 'programs' : 'processes';
}

const specs = readdirSync(new URL('spec/', import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.spec.ts'))
  .map((path) => `spec/${path.replaceAll('\\', '/')}`);
const project = (name: ReturnType<typeof kindOf>, more: object) => ({
  extends: true as const,
  test: { name, include: specs.filter((path) => kindOf(path) === name), ...more },
});

/** What starts programs, packs or opens a browser takes longest and waits most: it comes first, so that nothing long is left to the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) =>
      /\/spec\/(?:integration|unit\/harness\/validate)\//u.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    // Only what hangs: how long a test takes is the machine’s affair.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // Three on two cores: half of the long specs wait for other processes.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    // Sums of TensorFlow come in one order, and no worker takes the processors of the others.
    env: { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' },
    projects: [
      project('library', { isolate: false }),
      project('programs', { isolate: false }),
      project('processes', {}),
    ],
  },
});
