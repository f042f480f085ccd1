// Imports point one way: linalg → problem → solvers → models/io → plan → index; lib ← harness ← bin.
const lower = (from, allowed) => ({
  name: `lib-${from}-stands-on`,
  severity: 'error',
  from: { path: `^lib/${from}/` },
  to: { path: '^lib/', pathNot: [`^lib/${from}/`, ...allowed.map((folder) => `^lib/${folder}/`)] },
});

const foundation = ['linalg', 'problem', 'solver', 'random'];

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: { path: '^(lib|harness|bin)/' },
      to: { couldNotResolve: true, pathNot: '^@tensorflow/' },
    },
    {
      name: 'lib-stands-alone',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(harness|bin|spec|scripts)/' },
    },
    { name: 'harness-below-bin', severity: 'error', from: { path: '^harness/' }, to: { path: '^(bin|spec|scripts)/' } },
    { name: 'nothing-imports-spec', severity: 'error', from: { path: '^(lib|harness|bin)/' }, to: { path: '^spec/' } },
    {
      name: 'lib-runs-in-a-browser',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'lib-without-tensorflow', severity: 'error', from: { path: '^lib/' }, to: { path: '@tensorflow' } },
    {
      name: 'lib-without-dev-dependencies',
      severity: 'error',
      from: { path: '^(lib|harness|bin)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    lower('linalg', []),
    lower('random', []),
    lower('problem', ['linalg']),
    lower('solver', ['linalg', 'problem']),
    lower('derivative', foundation),
    lower('globalization', foundation),
    lower('qp', [...foundation, 'transform']),
    lower('transform', foundation),
    lower('bound', [...foundation, 'globalization', 'derivative']),
    lower('sqp', [...foundation, 'globalization', 'derivative', 'transform', 'qp', 'bound']),
    lower('auglag', [...foundation, 'globalization', 'derivative', 'transform', 'bound']),
    lower('lagrangian', foundation),
    lower('integer', [...foundation, 'transform']),
    lower('minimize', [...foundation, 'derivative', 'transform', 'qp', 'bound', 'sqp', 'auglag', 'integer']),
    lower('codec', ['random']),
    lower('models', [...foundation, 'codec']),
    lower('io', [...foundation, 'models', 'codec']),
    lower('plan', [
      ...foundation,
      'derivative',
      'transform',
      'qp',
      'bound',
      'sqp',
      'auglag',
      'lagrangian',
      'integer',
      'models',
      'io',
    ]),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
