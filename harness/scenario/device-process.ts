import type { Tf } from '../backend/tensorflow.js';
import { splitOverDevices } from '../data/index.js';
import { cachedDataset, Device, joinAndServe, type DeviceOptions } from '../device/index.js';
import { hallLimits } from '../protocol/index.js';
import { connectWebSocket, RadioConnection, RadioLink, type Accepted, type Connection } from '../transport/index.js';
import { readAssignment, workloadFacts, type Assignment } from './agreement.js';
import type { Workload } from './load.js';

export interface DeviceProcessOptions {
  readonly address: string;
  readonly name: string;
  readonly token: string;
  readonly rejoinSeconds: number;
  readonly note?: (text: string) => void;
  readonly onStage?: DeviceOptions['onStage'];
  /** For tests: what carries the messages. */
  readonly connect?: () => Promise<Connection>;
}

/** A device of its own, until the training has ended. Throws `JoinError`, `ConnectionError`. */
export async function runDeviceProcess(tf: Tf, workload: Workload, options: DeviceProcessOptions): Promise<void> {
  const { address, name, token, rejoinSeconds, note, onStage, connect = () => connectWebSocket(address) } = options;
  const dataset = cachedDataset(workload.dataset);
  let current: { readonly device: Device; readonly assignment: Assignment } | undefined;
  const serve = async (connection: Connection, accepted: Accepted) => {
    const assignment = readAssignment(accepted.assignment, workload);
    // Another run of the server may have other plans: what was known of the last one is of no use then.
    if (current && current.assignment.incarnation !== assignment.incarnation) current.device.dispose();
    if (current?.assignment.incarnation !== assignment.incarnation) {
      const device = new Device(tf, deviceOptions(workload, dataset, assignment, accepted, onStage));
      current = { device, assignment };
    }
    const { link } = assignment;
    const { device } = current;
    await device.serve(link ? new RadioConnection(connection, new RadioLink(link)) : connection);
  };
  try {
    await joinAndServe({
      name,
      token,
      facts: await workloadFacts(workload),
      connect: async () => {
        const connection = await connect();
        connection.restrict(hallLimits(workload.adapters));
        return connection;
      },
      rejoinSeconds,
      serve,
      incarnation: () => current?.assignment.incarnation,
      ...(note && { note }),
    });
  } finally {
    current?.device.dispose();
  }
}

function deviceOptions(
  workload: Workload,
  dataset: Workload['dataset'],
  assignment: Assignment,
  { clockOffsetSeconds }: Accepted,
  onStage: DeviceOptions['onStage'],
): DeviceOptions {
  const { config, weights, adapterSettings: settings, adapters } = workload;
  const { index, deviceCount, split, seed, memoryMode, speedFactor, clock } = assignment;
  return {
    ...assignment,
    part: { config, weights, settings, adapters, memoryMode },
    dataset,
    indices: splitOverDevices(dataset.labels, deviceCount, split, seed)[index]!,
    ...(clock === 'wall' && { wall: { speedFactor, clockOffsetSeconds } }),
    ...(onStage && { onStage }),
  };
}
