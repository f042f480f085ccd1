export * from './doorkeeper.js';
export * from './event-clock.js';
export * from './run-clock.js';
export * from './run-record.js';
export * from './served-device.js';
export { TrainingServer, type CheckpointOptions, type ServerOptions, type TrainingResult } from './server.js';
