export { MeasuredProfileError, readMeasuredProfile } from './read.js';
export {
  measuredProfileSchema,
  type MeasuredAffine,
  type MeasuredEntry,
  type MeasuredPoint,
  type MeasuredProfile,
} from './schema.js';
