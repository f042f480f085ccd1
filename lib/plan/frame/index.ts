export { decideFrame, type FrameDecision, type FrameContext } from './decide-frame.js';
