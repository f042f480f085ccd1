export * from './clock.js';
export * from './connection.js';
export * from './frame.js';
export * from './in-process.js';
export * from './join.js';
export * from './radio-link.js';
export * from './text.js';
export * from './web-socket.js';
