export { canonicalJson, sha256 } from './canonical.js';
export { CertificateError } from './reader.js';
export { verifyCertificate, type Verdict, type VerifyOptions } from './verify.js';
export { verifyProgram, type ProgramVerdict } from './programs/index.js';
