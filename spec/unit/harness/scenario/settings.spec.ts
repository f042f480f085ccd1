import { describe, expect, it } from 'vitest';
import { readScenario } from '../../../../harness/scenario/index.js';
import { readStudy } from '../../../../harness/study/read.js';
import { formatIssue } from '../../../../lib/io/index.js';

const scenario = `version: 1
training: { rounds: 3, batchSize: 4 }
devices:
  - { name: phone, count: 2, cut: 1 }
  - { name: laptop, cut: 4 }
`;
const study = `workload: { kind: embedded }
training: { steps: 50 }
groups: [{ points: [uncompressed], cuts: [4], seeds: [1] }]
`;

const issuesOf = (settings: readonly string[]) => {
  const outcome = readScenario(scenario, settings);
  return outcome.ok ? [] : outcome.issues.map((issue) => formatIssue(issue, 's.yaml'));
};

describe('keys set in place of those of a training file', () => {
  it('give what the changed file gives', () => {
    const set = readScenario(scenario, ['training.rounds=7', 'devices[laptop].cut=2', 'training.batchSize=null']);
    const written = scenario.replace('rounds: 3, batchSize: 4', 'rounds: 7').replace('cut: 4', 'cut: 2');
    expect(set).toEqual(readScenario(written));
    expect(set.ok).toBe(true);
    expect(readStudy(study, 'study.yaml', ['training.steps=20', 'groups[0].seeds=[1, 2]'])).toEqual(
      readStudy(study.replace('50', '20').replace('seeds: [1]', 'seeds: [1, 2]'), 'study.yaml'),
    );
  });

  it('are named where they are wrong, all at once', () => {
    expect(issuesOf(['training.rouns=7', 'training.batchSize=-1', 'nothing', 'devices[tablet].cut=1'])).toEqual([
      expect.stringMatching(/--set nothing: must be a key and a value/u),
      expect.stringMatching(/--set devices\[tablet\]\.cut: .*tablet/u),
      expect.stringMatching(/--set training\.batchSize: .*-1/u),
      expect.stringMatching(/--set training\.rouns: .*did you mean `rounds`/u),
    ]);
    expect(() => readStudy(study, 'study.yaml', ['training.stpes=20'])).toThrow(/--set training\.stpes: .*steps/u);
    expect(() => readStudy(study, 'study.yaml', ['oops'])).toThrow(/--set oops: must be a key and a value/u);
  });
});

describe('merge keys of YAML', () => {
  const merged = `version: 1
training: { rounds: 3 }
devices:
  - &phone { name: phone, count: 2, cut: 1, batchSize: 4 }
  - { <<: *phone, name: tablet, cut: 3 }
`;

  it('mean the same in scenarios of a training as in studies', () => {
    const written = merged.replace('<<: *phone, name: tablet', 'name: tablet, count: 2, batchSize: 4');
    expect(readScenario(merged)).toEqual(readScenario(written.replace('&phone ', '')));
    expect(readScenario(merged).ok).toBe(true);
    const grid = study.replace(
      'training: { steps: 50 }',
      'training: { <<: { steps: 50, batchSize: 4 }, batchSize: 2 }',
    );
    expect(readStudy(grid, 'study.yaml').training).toMatchObject({ steps: 50, batchSize: 2 });
  });

  it('report what is wrong in them at a line of the file', () => {
    const outcome = readScenario(merged.replace('batchSize: 4', 'batchSize: 0'));
    const issues = outcome.ok ? [] : outcome.issues.map((issue) => formatIssue(issue, 's.yaml'));
    expect(issues).toEqual([
      expect.stringMatching(/^s\.yaml:4:\d+ devices\[0\]\.batchSize: /u),
      expect.stringMatching(/^s\.yaml:5:\d+ devices\[1\]\.batchSize: /u),
    ]);
    const odd = readScenario(merged.replace('*phone', '5'));
    expect(odd.ok ? [] : odd.issues.map(({ message }) => message)).toEqual(['`<<` takes a map or a list of maps']);
  });
});
