export {
  readScenarioFile,
  resolveScenario,
  type ResolvedScenario,
  type ScenarioOrigin,
  type ScenarioOutcome,
} from './read.js';
export { scenarioFileJsonSchema, schemeNames, type SchemeName, type SimulationSettings } from './schema.js';
