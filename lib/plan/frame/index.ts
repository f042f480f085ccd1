export { decideFrame } from './decide-frame.js';
