import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Specs of the library, which leave nothing behind: they share the modules that the ones before them loaded. */
const library = [
  'spec/{conformance,problems,properties}/**/*.spec.ts',
  'spec/unit/comment-examples.spec.ts',
  `spec/unit/{${[
    'auglag',
    'bound',
    'certify',
    'codec',
    'debug',
    'derivative',
    'direct',
    'easy',
    'globalization',
    'integer',
    'interior',
    'io',
    'kkt',
    'lagrangian',
    'linalg',
    'models',
    'nlp',
    'plan',
    'problem',
    'qp',
    'random',
    'schema',
    'simulate',
    'solver',
    'sqp',
    'statistics',
    'transform',
    'verify',
  ].join(',')}}/**/*.spec.ts`,
];

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
    projects: [
      { extends: true, test: { name: 'library', include: library, isolate: false } },
      { extends: true, test: { name: 'programs', include: ['spec/**/*.spec.ts'], exclude: library } },
    ],
  },
});
