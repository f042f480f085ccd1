import type { ProblemRecord } from './problems.js';

/** A problem as its client sees it, as JSON: answer and report were written in the thread that found them. */
export function stateBody(record: ProblemRecord): string {
  const { id, state, stopping, devices, acceptedAt, startedAt, endedAt, phase, failure, warnings } = record;
  const head = JSON.stringify({
    id,
    state,
    stopping,
    devices: devices.length,
    acceptedAt,
    startedAt,
    endedAt,
    ...(state === 'running' && { phase }),
    ...(record.best && { best: bestOf(record.best.totalSeconds, record.boundSeconds) }),
    ...(warnings.length > 0 && { warnings }),
    ...(record.report === undefined && { failure }),
  });
  if (record.report !== undefined) return `${head.slice(0, -1)},"report":${record.report}}`;
  return record.best ? `${head.slice(0, -1)},"answer":${record.best.answer}}` : head;
}

function bestOf(totalSeconds: number, boundSeconds: number | undefined) {
  if (boundSeconds === undefined) return { totalSeconds };
  return { totalSeconds, boundSeconds, relativeGap: Math.max(0, (totalSeconds - boundSeconds) / totalSeconds) };
}
