import type { DevicePlan, Plan, PlanningProblem } from '../models/index.js';
import type { SharedRound, SimulationScheme } from './scheme.js';
import { copyOf } from './schemes/apart.js';
import { isBuiltIn } from './schemes/index.js';
import { isRecord, shown, thrownText } from './shown.js';
import { statedCell, type StatedCell } from './stated-cell.js';

/** A scheme of one's own throws, or answers with something that is no plan of the problem it was asked about. */
export class SchemeAnswerError extends Error {
  /** Name of the class. */
  override readonly name = 'SchemeAnswerError';
  /** The same for all errors of this class. */
  readonly code = 'scheme-answer';

  /**
   * @param scheme - Name of the scheme.
   * @param asked - Which of its functions was asked, and in which round.
   * @param issues - Each fault: where, what was found, what is allowed.
   * @param options - What the scheme threw, as the cause.
   */
  constructor(
    readonly scheme: string,
    asked: string,
    readonly issues: readonly string[],
    options?: ErrorOptions,
  ) {
    super(`scheme \`${scheme}\`, ${asked}: ${issues.join('; ')}`, options);
  }
}

/**
 * A scheme whose every answer is looked at before anything is worked out from it: what it throws and what is no plan becomes a
 * `SchemeAnswerError`. The plans are copies, which the scheme cannot change any more. Those of the package are taken as they are.
 */
export function checkedScheme(scheme: SimulationScheme): SimulationScheme {
  if (isBuiltIn(scheme)) return scheme;
  const { name, order = 'parallel' } = scheme;
  const { cell, share } = scheme;
  const ask = <Answer>(asked: string, run: () => Answer): Answer => {
    try {
      return run();
    } catch (error) {
      throw new SchemeAnswerError(name, asked, [`throws: ${thrownText(error)}`], { cause: error });
    }
  };
  const planned = (asked: string, given: unknown, problem: PlanningProblem): Plan => {
    const answer = ask(asked, () => readOnce(given, problem.devices.length));
    const issues = planFaults(answer, problem);
    if (issues.length > 0) throw new SchemeAnswerError(name, asked, issues);
    return planCopy(answer as Plan, problem, order);
  };
  return {
    ...scheme,
    ...(cell && {
      cell(problem: PlanningProblem): PlanningProblem {
        const asked = 'cell';
        const answer: unknown = ask(asked, () => cell.call(scheme, copyOf(problem)));
        const stated = ask(asked, () => cellOf(problem, answer));
        if ('faults' in stated) throw new SchemeAnswerError(name, asked, stated.faults);
        return stated.problem;
      },
    }),
    decide(state) {
      const asked = `decide in round ${state.round}`;
      const answer: unknown = ask(asked, () => scheme.decide(state));
      return answer === undefined ? undefined : planned(asked, answer, state.problem);
    },
    ...(share && {
      share(state): SharedRound | undefined {
        const asked = `share in round ${state.round}`;
        const answer: unknown = ask(asked, () => share.call(scheme, state));
        if (answer === undefined) return undefined;
        const { plan: found, fault } = ask(asked, () => sharedPlan(answer));
        if (fault !== undefined) throw new SchemeAnswerError(name, asked, [fault]);
        const plan = planned(asked, found, state.problem);
        const issues = changedChoices(state.plan, plan, state.problem, state.points);
        if (issues.length > 0) throw new SchemeAnswerError(name, asked, issues);
        // What it says of its own effort is not counted: nothing shows that it is so.
        return { plan };
      },
    }),
  };
}

/**
 * What of an answer is no plan of a problem: each device with what was found and what is allowed. Whether a plan keeps the limits
 * is not asked here.
 */
function planFaults(answer: unknown, { devices, ...problem }: PlanningProblem): string[] {
  if (!isRecord(answer)) return [`found ${shown(answer)}; must be a plan { devices: […] }, or undefined for none`];
  if (isPromise(answer)) return ['found a promise; must be the plan itself: schemes are asked without waiting'];
  const decisions: unknown = answer['devices'];
  if (!Array.isArray(decisions)) return [`devices: found ${shown(decisions)}; must be a list`];
  if (decisions.length !== devices.length) {
    return [
      `devices: found ${decisions.length} decisions for ${devices.length} devices; must be one for each, in order`,
    ];
  }
  return devices.flatMap(({ name }, n) =>
    decisionFaults(decisions[n], problem).map((fault) => `device \`${name}\`: ${fault}`),
  );
}

function decisionFaults(
  decision: unknown,
  { blockCount, upPoints, downPoints }: Omit<PlanningProblem, 'devices'>,
): string[] {
  if (!isRecord(decision)) return [`found ${shown(decision)}; must be a decision { participates: …, blocks: … }`];
  const faults: string[] = [];
  const must = (key: keyof DevicePlan, isAllowed: (value: unknown) => boolean, allowed: string) => {
    const value = decision[key];
    if (!isAllowed(value)) faults.push(`${key}: found ${shown(value)}; must be ${allowed}`);
  };
  const from0To = (last: number) => (value: unknown) => Number.isInteger(value) && isWithin(value as number, last);
  must('participates', (value) => typeof value === 'boolean', 'true or false');
  if (decision['participates'] !== true) return faults;
  must('blocks', from0To(blockCount), `a whole number from 0 to ${blockCount}`);
  must('upPoint', from0To(upPoints.length - 1), `a position in upPoints, 0 to ${upPoints.length - 1}`);
  must('downPoint', from0To(downPoints.length - 1), `a position in downPoints, 0 to ${downPoints.length - 1}`);
  const isShare = (value: unknown) => Number.isFinite(value) && (value as number) >= 0;
  must('bandwidthHz', isShare, 'a finite number of Hz from 0 on');
  must('serverShare', isShare, 'a finite share from 0 on');
  const isPower = (value: unknown) => value === undefined || (Number.isFinite(value) && (value as number) > 0);
  must('transmitPowerWatt', isPower, 'a finite number of watts above 0, or absent');
  return faults;
}

function isWithin(value: number, last: number): boolean {
  return value >= 0 && value <= last;
}

/** Choices of the large time scale that an answer of the small one does not keep. */
function changedChoices(before: Plan, after: Plan, { devices }: PlanningProblem, points: 'large' | 'small'): string[] {
  const kept = ['participates', 'blocks', ...(points === 'large' ? (['upPoint', 'downPoint'] as const) : [])] as const;
  return devices.flatMap(({ name }, n) => {
    const [one, other] = [before.devices[n]!, after.devices[n]!];
    return kept.flatMap((key) =>
      one[key] === other[key] || (!one.participates && !other.participates)
        ? []
        : [
            `device \`${name}\`: ${key}: found ${shown(other[key])}; must stay ${shown(one[key])} on the small time scale`,
          ],
    );
  });
}

/** The plan in what the small time scale answered, read once. */
function sharedPlan(answer: unknown): { readonly plan?: unknown; readonly fault?: string } {
  if (!isRecord(answer)) return { fault: `found ${shown(answer)}; must be { plan: … }, or undefined for none` };
  if (isPromise(answer))
    return { fault: 'found a promise; must be the answer itself: schemes are asked without waiting' };
  return { plan: answer['plan'] };
}

const decisionKeys = [
  'participates',
  'blocks',
  'upPoint',
  'downPoint',
  'bandwidthHz',
  'serverShare',
  'transmitPowerWatt',
] as const satisfies readonly (keyof DevicePlan)[];

/**
 * An answer with the decisions of its devices as plain values, each read once: what is looked at is then what is used. A list of
 * another length is refused for that: however long it is, it is not read.
 */
function readOnce(answer: unknown, count: number): unknown {
  if (!isRecord(answer) || isPromise(answer)) return answer;
  const devices = answer['devices'];
  if (!Array.isArray(devices)) return { devices };
  const { length } = devices;
  if (length !== count) return { devices: new Array<unknown>(length) };
  return {
    devices: Array.from(devices as readonly unknown[], (decision) =>
      isRecord(decision) ? Object.fromEntries(decisionKeys.map((key) => [key, decision[key]])) : decision,
    ),
  };
}

function cellOf(problem: PlanningProblem, answer: unknown): StatedCell {
  if (!isRecord(answer)) return { faults: [`found ${shown(answer)}; must be a planning problem`] };
  if (isPromise(answer)) {
    return { faults: ['found a promise; must be the problem itself: schemes are asked without waiting'] };
  }
  return statedCell(problem, answer);
}

/** Shares of the server are a decision where it is divided; elsewhere the problem says them. */
function planCopy({ devices }: Plan, { sharing }: PlanningProblem, order: 'parallel' | 'in-turn'): Plan {
  const common = order === 'parallel' && sharing === 'equal' ? 1 / devices.length : 1;
  return {
    devices: devices.map((decision): DevicePlan => {
      const { participates, blocks, upPoint, downPoint, bandwidthHz, transmitPowerWatt } = decision;
      if (!participates) {
        return { participates, blocks: 0, upPoint: 0, downPoint: 0, bandwidthHz: 0, serverShare: 0 };
      }
      const serverShare = sharing === 'allocated' ? decision.serverShare : common;
      const choices = { participates, blocks, upPoint, downPoint, bandwidthHz, serverShare };
      return transmitPowerWatt === undefined ? choices : { ...choices, transmitPowerWatt };
    }),
  };
}

function isPromise(value: Record<string, unknown>): boolean {
  if (typeof value['then'] !== 'function') return false;
  // What it is rejected with later would end the process.
  Promise.resolve(value).catch(() => undefined);
  return true;
}
