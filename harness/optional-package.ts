/** A package that only parts of the harness need, and that is not there; the message says how to get it. */
export class MissingPackageError extends Error {
  override readonly name = 'MissingPackageError';
  readonly code = 'missing-package';

  constructor(readonly packageName: string) {
    super(`this needs the package ${packageName}: npm install ${packageName}`);
  }
}

/** What `load` imports. Throws `MissingPackageError` where the package itself is absent. */
export async function optionalPackage<Module>(packageName: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    const isAbsent =
      error instanceof Error &&
      'code' in error &&
      (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND') &&
      error.message.includes(packageName);
    throw isAbsent ? new MissingPackageError(packageName) : error;
  }
}
