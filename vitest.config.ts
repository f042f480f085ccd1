import { defineConfig } from 'vitest/config';

/** Specs of the library, which leave nothing behind: they share the modules that the ones before them loaded. */
const library = [
  'spec/{conformance,problems,properties}/**/*.spec.ts',
  `spec/unit/{${[
    'auglag',
    'bound',
    'certify',
    'codec',
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

export default defineConfig({
  test: {
    // Only what hangs: how long a test takes is the machine’s affair.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'library', include: library, isolate: false } },
      { extends: true, test: { name: 'programs', include: ['spec/**/*.spec.ts'], exclude: library } },
    ],
  },
});
