export {
  measuredProfileSchema,
  MeasuredProfileError,
  readMeasuredProfile,
  type MeasuredAffine,
  type MeasuredEntry,
  type MeasuredPoint,
  type MeasuredProfile,
} from './schema.js';
