import type { Tf } from '../backend/tensorflow.js';
import { splitOverDevices } from '../data/index.js';
import { servedDevices } from '../run.js';
import { keepDoor, TrainingServer, type ServerOptions, type TrainingResult } from '../server/index.js';
import type { Listener } from '../transport/index.js';
import { assignmentFor, workloadFacts } from './agreement.js';
import type { Workload } from './load.js';
import type { Scenario } from './scenario.js';
import { trainingOptions } from './train.js';

export interface ServerProcessOptions extends Pick<ServerOptions, 'record' | 'onRound' | 'checkpoints' | 'signal'> {
  readonly listener: Listener;
  readonly token: string;
  readonly clock: 'emulated' | 'wall';
  readonly note?: (text: string) => void;
}

/** A scenario's server for devices that join over a listener, which it closes at the end. */
export async function runServerProcess(
  tf: Tf,
  scenario: Scenario,
  workload: Workload,
  options: ServerProcessOptions,
): Promise<TrainingResult> {
  const { listener, token, clock, note, ...hooks } = options;
  const { file, devices, seed } = scenario;
  const training = trainingOptions(scenario, workload);
  const { config, weights, adapterSettings: settings, adapters, memoryMode } = training;
  const shares = splitOverDevices(workload.dataset.labels, devices.length, training.split, seed);
  try {
    const facts = await workloadFacts(workload);
    const server = new TrainingServer(tf, {
      ...training,
      ...hooks,
      clock,
      schedule: scenario.schedule,
      timeoutSeconds: file.faults.messageTimeout,
      part: { config, weights, settings, adapters, memoryMode },
      devices: servedDevices(training, shares),
      sharing: scenario.sharing,
      speedFactor: scenario.serverSpeedFactor,
      takeTurns: clock === 'emulated',
      onFault: 'continue',
    });
    const door = keepDoor(listener, server, {
      token,
      names: devices.map(({ name }) => name),
      facts,
      assignment: (index) => assignmentFor(scenario, index, clock, server.incarnation),
      ...(note && { note }),
    });
    try {
      return await server.run();
    } finally {
      await listener.close();
      await door;
    }
  } finally {
    await listener.close();
  }
}
