import { expect, it } from 'vitest';
import { optionalPackage } from '../../../harness/optional-package.js';

const absent = (name: string) =>
  Promise.reject(Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' }));

it('a missing package is named with the command that installs it and what goes with it', async () => {
  await expect(optionalPackage('linkedom', () => absent('linkedom'))).rejects.toMatchObject({
    name: 'MissingPackageError',
    message: 'this needs the package linkedom: npm install linkedom',
  });
  await expect(optionalPackage('linkedom', () => absent('linkedom'), 'plot linkedom')).rejects.toThrow(
    'this needs the package linkedom: npm install plot linkedom',
  );
});

it('what is missing inside a package is its own error', async () => {
  await expect(optionalPackage('linkedom', () => absent('other'))).rejects.toThrow("Cannot find package 'other'");
});
