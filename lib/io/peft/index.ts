export { targetOrder, type AdapterSettings, type AdapterState, type AdapterTarget } from './adapters.js';
export { AdapterFileError, readPeft, writePeft } from './files.js';
