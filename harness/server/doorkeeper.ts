import {
  admit,
  doorLimits,
  JoinError,
  machineSeconds,
  oneLine,
  type Admission,
  type Connection,
  type Facts,
  type Listener,
} from '../transport/index.js';
import type { TrainingServer } from './server.js';

export interface DoorkeeperOptions {
  readonly token: string;
  /** Names of the devices, in their order. */
  readonly names: readonly string[];
  readonly facts: Facts;
  readonly assignment: (index: number) => Facts;
  /** Who came and who was turned away. */
  readonly note?: (text: string) => void;
}

/** Who connects has so long to ask for admission, s. */
const admissionSeconds = 5;
/** Strangers at the door at once; others are turned away at once and may come again. */
const places = 16;

/** Connections that a listener needs for so many devices: theirs, those they come back with, and the door. */
export function connectionsFor(devices: number): number {
  return 2 * devices + places;
}

/** Lets devices in until the listener is closed: each that can show the token and fits. */
export async function keepDoor(listener: Listener, server: TrainingServer, options: DoorkeeperOptions): Promise<void> {
  let atDoor = 0;
  const { note } = options;
  const guarded = { ...options, noteStranger: note ? sparingly(note) : () => undefined };
  for (;;) {
    let connection: Connection;
    try {
      connection = await listener.accept();
    } catch {
      // The listener has been closed.
      return;
    }
    // Several may be at the door at once; one that says nothing holds nobody up.
    connection.restrict(doorLimits);
    if (atDoor >= places) connection.close('the door is full; come again');
    else {
      atDoor++;
      void letIn(connection, server, guarded).finally(() => atDoor--);
    }
  }
}

/** What is said of strangers within a minute: so many times, and then how often more. */
const mostNotes = 16;

/** Tells some of what is said in a minute, so that strangers cannot fill a log. */
function sparingly(note: (text: string) => void): (text: string) => void {
  let [since, said] = [machineSeconds(), 0];
  return (text) => {
    if (machineSeconds() > since + 60) {
      if (said > mostNotes) note(`${said - mostNotes} more were turned away`);
      [since, said] = [machineSeconds(), 0];
    }
    if (++said <= mostNotes) note(text);
    if (said === mostNotes) note('what more is turned away is counted');
  };
}

async function letIn(
  connection: Connection,
  server: TrainingServer,
  options: DoorkeeperOptions & { readonly noteStranger: (text: string) => void },
): Promise<void> {
  const { token, names, facts, assignment, note, noteStranger } = options;
  const indexOf = (device: string) => names.indexOf(device);
  const admission: Admission = {
    token,
    facts: (device) => (indexOf(device) >= 0 ? facts : undefined),
    isPresent: (device) => server.isPresent(indexOf(device)),
    assignment: (device) => assignment(indexOf(device)),
  };
  try {
    const { device, more } = await admit(connection, admission, admissionSeconds);
    const remembers = more['incarnation'] === server.incarnation;
    server.attach(indexOf(device), connection, remembers);
    note?.(`${device} has joined`);
  } catch (error) {
    const reason = oneLine(error instanceof Error ? error.message : String(error));
    connection.close(reason);
    if (!(error instanceof JoinError && error.isTemporary)) noteStranger(`a device was turned away: ${reason}`);
  }
}
