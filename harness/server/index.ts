export * from './event-clock.js';
export * from './run-record.js';
export * from './served-device.js';
export { type ServerOptions, type TrainingResult, runServer } from './server.js';
