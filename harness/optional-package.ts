/** A package that only parts of the harness need, and that is not there; the message says how to get it. */
export class MissingPackageError extends Error {
  override readonly name = 'MissingPackageError';
  readonly code = 'missing-package';

  constructor(
    readonly packageName: string,
    install = packageName,
  ) {
    super(`this needs the package ${packageName}: npm install ${install}`);
  }
}

/**
 * What `load` imports. Throws `MissingPackageError` where the package itself is absent; it says how to install all of the packages
 * that are needed together, `install`.
 */
export async function optionalPackage<Module>(
  packageName: string,
  load: () => Promise<Module>,
  install = packageName,
): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    const isAbsent =
      error instanceof Error &&
      'code' in error &&
      (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND') &&
      error.message.includes(packageName);
    throw isAbsent ? new MissingPackageError(packageName, install) : error;
  }
}
