export {
  certifyProblem,
  certifyProgram,
  type CertifyProgramOptions,
  type ProgramCertificate,
  type ProgramCertification,
} from './certify-program.js';
export { NotCertifiable, type StatedProgram, type StatedRow } from './state-program.js';
export type { PointClaim, ProgramClaims } from './evidence.js';
