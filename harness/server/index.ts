export * from './doorkeeper.js';
export * from './event-clock.js';
export * from './run-clock.js';
export * from './run-record.js';
export * from './served-device.js';
export {
  runServer,
  TrainingServer,
  type CheckpointOptions,
  type ServerOptions,
  type TrainingResult,
} from './server.js';
