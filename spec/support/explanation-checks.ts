import { formatIssue, readProblemFile, type ResolvedFile } from '../../lib/io/index.js';
import type { Plan } from '../../lib/models/index.js';
import {
  evaluatePlan,
  planBandwidth,
  planExact,
  solvePlan,
  type PlanReport,
  type Remedy,
} from '../../lib/plan/index.js';
import { choicesOf, edited, type EditableFile, type RandomFile } from './problem-files.js';

/*
 * Judges of what is printed around a plan. Each writes the change into the file by its own hand and reads the file anew;
 * nothing of the way that the package changes problems is used.
 */

/** Reads a file; undefined where it is refused. */
export function readOf(file: EditableFile): ResolvedFile | undefined {
  const outcome = readProblemFile(JSON.stringify(file));
  return outcome.ok ? outcome.resolved : undefined;
}

/** The optimal round of a file by the exact method; Infinity if none exists. */
export function optimalSeconds(file: EditableFile): number {
  const outcome = readProblemFile(JSON.stringify(file));
  if (!outcome.ok) {
    // Refused for limits that contradict each other: no plan either.
    if (outcome.issues.every((issue) => /add up to|above the largest|below the least/u.test(issue.message)))
      return Infinity;
    throw new Error(outcome.issues.map((issue) => formatIssue(issue)).join('\n'));
  }
  const answer = planExact(outcome.resolved.problem, { relativeGap: 1e-8 });
  return answer.plan ? answer.totalSeconds : Infinity;
}

const entryOf = (file: EditableFile, name: string) => file.devices.find((device) => device.name === name)!;

/** The change of a what-if question as an edit of the file; undefined for one that is not known here. */
export function whatIfEdit(file: EditableFile, resolved: ResolvedFile, change: string): EditableFile | undefined {
  const memory = /^1 GiB more memory on (.+)$/u.exec(change)?.[1];
  const without = /^without (.+)$/u.exec(change)?.[1];
  return edited(file, (copy) => {
    if (change === '1 MHz more bandwidth') copy.radio.bandwidth = resolved.problem.bandwidthHz + 1e6;
    else if (change === '0.1 point less accuracy') {
      delete copy.accuracy.maximumLoss;
      copy.accuracy.minimum = resolved.problem.accuracy.minimum - 1e-3;
    } else if (memory !== undefined) {
      entryOf(copy, memory).memory = (entryOf(copy, memory).memory as number) + 2 ** 30;
    } else if (without !== undefined) copy.devices = copy.devices.filter((device) => device.name !== without);
    else throw new Error(`unknown change ${change}`);
  });
}

/** A remedy's changes written into the file, each `factor` of the way from its limit to its value. */
export function remedyEdit(file: EditableFile, { changes }: Remedy, factor: (index: number) => number): EditableFile {
  return edited(file, (copy) => {
    changes.forEach(({ limit, device, from, to }, index) => {
      const part = factor(index);
      const value = part === 1 ? to : from + part * (to - from);
      switch (limit) {
        case 'deadline':
          copy.deadline = value;
          break;
        case 'accuracy':
          delete copy.accuracy.maximumLoss;
          copy.accuracy.minimum = value;
          break;
        case 'server-memory':
          copy.server.memory = value;
          break;
        case 'traffic':
          copy.traffic = { ...copy.traffic, maximumTotal: value / 8 };
          break;
        case 'bandwidth':
          copy.radio.bandwidth = value;
          break;
        case 'device-memory':
          entryOf(copy, device!).memory = value;
          break;
        case 'device-traffic':
          entryOf(copy, device!).trafficLimit = value / 8;
          break;
        case 'device-energy':
          entryOf(copy, device!).energyLimit = value;
          break;
        case 'device-bandwidth':
          entryOf(copy, device!).maximumBandwidth = value;
          break;
        default:
          throw new Error(`no remedy is known for ${limit}`);
      }
    });
  });
}

/** Each single limit of the file loosened beyond measure, by the name a remedy has for it. */
export function loosened(file: EditableFile): [string, EditableFile][] {
  const widest = file.radio.resourceBlock === undefined ? 1e4 : 32;
  const all: [string, EditableFile][] = [
    ['bandwidth', edited(file, (copy) => (copy.radio.bandwidth = widest * (copy.radio.bandwidth as number)))],
    [
      'accuracy',
      edited(file, (copy) => {
        delete copy.accuracy.maximumLoss;
        copy.accuracy.minimum = 0;
      }),
    ],
    ...file.devices.map((device): [string, EditableFile] => [
      `device-memory ${device.name}`,
      edited(file, (copy) => delete entryOf(copy, device.name).memory),
    ]),
  ];
  for (const { name, energyLimit, trafficLimit } of file.devices) {
    if (energyLimit !== undefined) {
      all.push([`device-energy ${name}`, edited(file, (copy) => delete entryOf(copy, name).energyLimit)]);
    }
    if (trafficLimit !== undefined) {
      all.push([`device-traffic ${name}`, edited(file, (copy) => delete entryOf(copy, name).trafficLimit)]);
    }
  }
  if (file.traffic?.maximumTotal !== undefined) {
    all.push(['traffic', edited(file, (copy) => delete (copy.traffic as Record<string, unknown>)['maximumTotal'])]);
  }
  if (file.server.memory !== undefined) all.push(['server-memory', edited(file, (copy) => delete copy.server.memory)]);
  if (file.deadline !== undefined) all.push(['deadline', edited(file, (copy) => delete copy.deadline)]);
  return all;
}

export const nameOf = ({ limit, device }: Remedy['changes'][number]) =>
  device === undefined ? limit : `${limit} ${device}`;

/** The difference quotients of T by the band at a plan's splits, points and server shares, both sides, from files read anew. */
export function differenceQuotients(file: EditableFile, plan: Plan, bandwidthHz: number, step: number) {
  const at = (hertz: number) => {
    const resolved = readOf(edited(file, (copy) => (copy.radio.bandwidth = hertz)));
    return resolved && planBandwidth(resolved.problem, plan, { method: 'scalar' }).totalSeconds;
  };
  const here = at(bandwidthHz)!;
  const more = at(bandwidthHz + step);
  const less = at(bandwidthHz - step);
  const finite = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : undefined);
  return {
    here,
    more: finite(more) === undefined ? undefined : (more! - here) / step,
    less: finite(less) === undefined ? undefined : (here - less!) / step,
  };
}

export const exactReport = (resolved: ResolvedFile, more: object = {}): PlanReport =>
  solvePlan(resolved, { method: 'exact', baselines: false, whatIf: 'never', ...more });

/** What a check found: faults in words, and how often each kind of case was reached. */
export class Tally {
  readonly faults: string[] = [];
  readonly counts: Record<string, number> = {};

  count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  fault(seed: number, ...about: readonly unknown[]): void {
    this.faults.push(
      `seed ${seed}: ${about.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(' ')}`,
    );
  }
}

/** What-if rows by the exact method against the changed files, to 1e-6 on both sides. */
export function checkWhatIf(seed: number, { file, traits }: RandomFile, tally: Tally): void {
  const resolved = readOf(file);
  if (!resolved) {
    tally.count('refused');
    return;
  }
  const report = exactReport(resolved, { whatIf: 'always' });
  if (!report.answer) {
    tally.count(report.status);
    return;
  }
  tally.count('files');
  traits.forEach((trait) => tally.count(trait));
  for (const { change, totalSeconds = Infinity, delayChangeSeconds } of report.whatIf) {
    tally.count('rows');
    const right = optimalSeconds(whatIfEdit(file, resolved, change)!);
    const before = report.answer.delay.totalSeconds;
    const isRight = totalSeconds === right || Math.abs(totalSeconds - right) <= 2e-6 * right;
    if (!isRight) tally.fault(seed, change, totalSeconds, 'is', right);
    if (
      delayChangeSeconds !== undefined &&
      Math.abs(delayChangeSeconds - (right - before)) > 4e-6 * Math.max(right, before)
    ) {
      tally.fault(seed, change, 'by', delayChangeSeconds, 'is', right - before);
    }
  }
}

const exactlyJudged = 4;

/**
 * What-if rows by the two-timescale method: each has a bound or says that it has none; with few devices both bracket the optimum of the
 * changed file. Where the answer's own plan keeps every limit of the changed file, no row is slower than that plan there.
 */
export function checkWhatIfSearch(seed: number, { file, traits }: RandomFile, tally: Tally): void {
  const resolved = readOf(file);
  const report = resolved && solvePlan(resolved, { baselines: false, whatIf: 'always' });
  if (!report?.answer) {
    tally.count(report ? report.status : 'refused');
    return;
  }
  tally.count('files');
  traits.forEach((trait) => tally.count(trait));
  const { plan } = report.answer;
  for (const { change, totalSeconds, boundSeconds, note } of report.whatIf) {
    tally.count('rows');
    const changed = whatIfEdit(file, resolved!, change)!;
    if (boundSeconds === undefined && note === undefined) tally.fault(seed, change, 'has neither a bound nor a note');
    if (boundSeconds !== undefined) tally.count('bounds');
    const most = baseDelayIn(changed, resolved!, plan);
    if (most !== undefined) {
      tally.count('changes that only relax');
      if (!(totalSeconds! <= most * (1 + 1e-9))) tally.fault(seed, change, totalSeconds ?? 'none', 'above', most);
    }
    if (file.devices.length > exactlyJudged) continue;
    const right = optimalSeconds(changed);
    tally.count('optima');
    if (totalSeconds !== undefined && totalSeconds < right * (1 - 2e-6)) tally.fault(seed, change, 'below', right);
    if (boundSeconds !== undefined && boundSeconds > right * (1 + 1e-6)) {
      tally.fault(seed, change, 'bound', boundSeconds, 'above', right);
    }
  }
}

/** The round of a plan in a changed file, devices by their names; undefined where it breaks a limit there. */
function baseDelayIn(changed: EditableFile, { problem }: ResolvedFile, plan: Plan): number | undefined {
  const there = readOf(changed);
  if (!there) return undefined;
  const decision = (name: string) => plan.devices[problem.devices.findIndex((device) => device.name === name)]!;
  const same = { devices: there.problem.devices.map(({ name }) => decision(name)) };
  const { keepsAllLimits, answer } = evaluatePlan(there.problem, same);
  const { totalSeconds } = answer.delay;
  return keepsAllLimits && Number.isFinite(totalSeconds) ? totalSeconds : undefined;
}

/** The two prices of the band against difference quotients of files read anew, to 1 %. */
export function checkPrice(seed: number, { file, traits }: RandomFile, tally: Tally): void {
  const resolved = readOf(file);
  if (!resolved) {
    tally.count('refused');
    return;
  }
  const { answer, status } = exactReport(resolved);
  if (!answer) {
    tally.count(status);
    return;
  }
  const price = answer.bandPrice;
  if (!price) {
    tally.fault(seed, 'no price');
    return;
  }
  tally.count(price.unit);
  traits.forEach((trait) => tally.count(trait));
  const { bandwidthHz } = resolved.problem;
  const step = price.unit === 'block' ? price.blockHz : 1e-6 * bandwidthHz;
  const quotients = differenceQuotients(file, answer.plan, bandwidthHz, step);
  for (const side of ['more', 'less'] as const) {
    const quotient = quotients[side];
    const got = price[side];
    if (quotient === undefined || got === undefined) {
      if (quotient !== got) tally.fault(seed, side, got ?? 'absent', 'is', quotient ?? 'absent');
      tally.count(`${side} absent`);
      continue;
    }
    const right = price.unit === 'hertz' ? quotient : (side === 'more' ? 1 : -1) * quotient * step;
    // Delays are known to 1e-12 of themselves.
    const rounding = (1e-12 * quotients.here) / (price.unit === 'hertz' ? step : 1);
    if (Math.abs(got - right) > 0.01 * Math.abs(right) + rounding) tally.fault(seed, side, got, 'is', right);
    tally.count('sides');
  }
  const { more, less } = price;
  if (price.unit !== 'hertz' || more === undefined || less === undefined) return;
  if (Math.abs(more - less) > 0.01 * Math.abs(less)) tally.count('kinks');
  if (more > 0) tally.count('worth less than nothing');
}

/** A limit or two of a file tightened until nothing is feasible; undefined where that does not come about. */
export function infeasibleFile(seed: number, { file }: RandomFile): EditableFile | undefined {
  const best = optimalSeconds(file);
  if (best === Infinity) return file;
  const at = choicesOf(seed, 'infeasible');
  const tightened = edited(file, (copy) => {
    const lacking = { memory: 1e6 + 4e6 * at.uniform() };
    switch (seed % 5) {
      case 0:
        copy.deadline = best * (0.7 + 0.28 * at.uniform());
        break;
      case 1:
        delete copy.accuracy.maximumLoss;
        copy.accuracy.minimum = 0.8985 + 0.001 * at.uniform();
        break;
      case 2:
        copy.deadline = best * 0.98;
        copy.devices[0]!.memory = 5e7 + 5e7 * at.uniform();
        break;
      case 3:
        for (const device of copy.devices) Object.assign(device, lacking);
        break;
      case 4:
        Object.assign(copy.devices.at(-1)!, lacking);
        delete copy.accuracy.maximumLoss;
        copy.accuracy.minimum = 0.8985;
        break;
    }
  });
  return optimalSeconds(tightened) === Infinity ? tightened : undefined;
}

/** Limits of energy and traffic, of one device, of all or together, tightened until nothing is feasible; undefined where nothing helps. */
export function limitedFile(seed: number, { file }: RandomFile): EditableFile | undefined {
  const resolved = readOf(file);
  const answer = resolved && exactReport(resolved).answer;
  if (!answer) return undefined;
  const bytesOf = ({ uplinkBitsPerRound, downlinkBitsPerRound }: (typeof answer.devices)[number]) =>
    (uplinkBitsPerRound + downlinkBitsPerRound) / 8;
  const used = new Map(answer.devices.map((device) => [device.name, device]));
  const limit = (device: Record<string, unknown>, kind: 'energy' | 'traffic', factor: number) => {
    const { energyJoulePerRound, ...rest } = used.get(device['name'] as string)!;
    const amount = kind === 'energy' ? energyJoulePerRound : bytesOf({ energyJoulePerRound, ...rest });
    if (amount > 0) device[`${kind}Limit`] = amount * factor;
  };
  for (const factor of [0.95, 0.8, 0.5, 0.2, 0.05, 0.01]) {
    const tightened = edited(file, (copy) => {
      switch (seed % 5) {
        case 0:
          for (const device of copy.devices) limit(device, 'traffic', factor);
          break;
        case 1:
          limit(copy.devices.at(-1)!, 'energy', factor);
          break;
        case 2:
          copy.devices.forEach((device, k) => limit(device, k % 2 === 0 ? 'energy' : 'traffic', factor));
          break;
        case 3:
          copy.traffic = {
            ...copy.traffic,
            maximumTotal: factor * answer.devices.reduce((sum, device) => sum + bytesOf(device), 0),
          };
          break;
        case 4:
          copy.deadline = answer.delay.totalSeconds * 1.05;
          limit(copy.devices.at(-1)!, 'energy', factor);
          break;
      }
    });
    if (readOf(tightened) && optimalSeconds(tightened) === Infinity) return tightened;
  }
  return undefined;
}

/** Remedies of files without a plan for limits of energy and traffic. */
export function checkLimitRemedies(seed: number, random: RandomFile, tally: Tally): void {
  checkRemedies(seed, random, tally, limitedFile);
}

/** Remedies suffice, are least, and none of a single limit is missing; all by the exact method on files edited by hand. */
export function checkRemedies(seed: number, random: RandomFile, tally: Tally, tighten = infeasibleFile): void {
  const file = tighten(seed, random);
  const resolved = file && readOf(file);
  if (!file || !resolved) {
    tally.count(file ? 'refused' : 'still feasible');
    return;
  }
  const report = exactReport(resolved);
  if (report.status !== 'infeasible' || !report.infeasibility) {
    tally.fault(seed, 'status', report.status);
    return;
  }
  tally.count('files');
  const { remedies } = report.infeasibility;
  for (const remedy of remedies) {
    tally.count(remedy.changes.length > 1 ? 'groups' : 'single limits');
    remedy.changes.forEach(({ limit }) => tally.count(limit));
    if (optimalSeconds(remedyEdit(file, remedy, () => 1)) === Infinity)
      tally.fault(seed, remedy.message, 'does not suffice');
    if (!remedy.isLeast) tally.fault(seed, remedy.message, 'is not said to be least');
    remedy.changes.forEach(({ limit, from, to }, index) => {
      // Blocks come whole: a part of one is no tighter band.
      if (resolved.problem.resourceBlockHz !== undefined && limit.endsWith('bandwidth')) return;
      const step = limit === 'accuracy' ? 1.1e-5 : 1.1e-3 * to;
      const part = Math.max(0, 1 - step / Math.abs(to - from));
      const tighter = remedyEdit(file, remedy, (k) => (k === index ? part : 1));
      if (optimalSeconds(tighter) < Infinity) tally.fault(seed, remedy.message, 'less does of', limit);
      tally.count('tighter ones refuted');
    });
  }
  const single = new Set(
    remedies.filter(({ changes }) => changes.length === 1).map(({ changes }) => nameOf(changes[0]!)),
  );
  for (const [name, looser] of loosened(file)) {
    if (optimalSeconds(looser) === Infinity) continue;
    tally.count('single limits that suffice');
    if (!single.has(name)) tally.fault(seed, 'missing', name);
  }
  if (remedies.length === 0) tally.fault(seed, 'no remedy');
}

/** From so many devices on remedies rest on the search and the bound. */
export const moreThanExact = 13;

/**
 * Remedies where the exact method does not decide: each suffices by a plan of the file with it written in, and what is said to be
 * proven impossible is refuted there too, by solving the file anew.
 */
export function checkLargeRemedies(seed: number, { file }: RandomFile, tally: Tally): void {
  const statusOf = (changed: EditableFile) => {
    const resolved = readOf(changed);
    return resolved ? solvePlan(resolved, { baselines: false, whatIf: 'never', timeLimitSeconds: 60 }) : undefined;
  };
  const at = choicesOf(seed, 'large-infeasible');
  // Below what is proven of the open file, so that no plan keeps it; where it has no plan, as it is.
  const bound = seed % 3 === 0 ? statusOf(file)?.bound.boundSeconds : undefined;
  const tightened = edited(file, (copy) => {
    if (bound !== undefined && bound < Infinity) copy.deadline = bound * (0.5 + 0.45 * at.uniform());
    else if (seed % 3 === 1) {
      delete copy.accuracy.maximumLoss;
      copy.accuracy.minimum = 0.8995 + 0.0004 * at.uniform();
    } else {
      delete copy.devices[0]!.optional;
      Object.assign(copy.devices[0]!, { memory: 5e6 + 1e7 * at.uniform() });
    }
  });
  const report = statusOf(tightened);
  if (report?.status !== 'infeasible' || !report.infeasibility) {
    tally.count(report?.status ?? 'refused');
    return;
  }
  tally.count('files');
  for (const remedy of report.infeasibility.remedies) {
    tally.count(remedy.changes.length > 1 ? 'groups' : remedy.changes[0]!.limit);
    if (!statusOf(remedyEdit(tightened, remedy, () => 1))?.answer)
      tally.fault(seed, remedy.message, 'does not suffice');
    const [{ from, to, impossibleBeyond, limit }] = remedy.changes as [Remedy['changes'][number]];
    if (remedy.changes.length > 1 || impossibleBeyond === undefined) {
      tally.count('without a proof of the least');
      continue;
    }
    // A shade tighter than what is said: at the very edge tolerances decide.
    const edge = (impossibleBeyond - from) / (to - from) - 1e-4;
    if (edge > 0) {
      tally.count('proven impossible');
      const beyond = statusOf(remedyEdit(tightened, remedy, () => edge));
      if (beyond?.answer) tally.fault(seed, remedy.message, 'a plan exists where none was said to');
      else if (beyond?.status !== 'infeasible') tally.count('not refuted again within its limits');
    }
    const apart = limit === 'accuracy' ? Math.abs(to - impossibleBeyond) : Math.abs(1 - impossibleBeyond / to);
    tally.count(apart <= 1e-3 ? 'known to 0.1 %' : apart <= 1e-2 ? 'known to 1 %' : 'known to more than 1 %');
  }
  if (report.infeasibility.remedies.length === 0) tally.fault(seed, 'no remedy');
}
