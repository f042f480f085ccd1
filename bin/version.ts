import { readFileSync } from 'node:fs';

declare const PACKAGE_VERSION: string | undefined;
declare const PACKAGE_DESCRIPTION: string | undefined;

/** From package.json; the build puts both in their place, so that the shipped commands read no file. */
export const { version, description }: { readonly version: string; readonly description: string } =
  typeof PACKAGE_VERSION === 'string' && typeof PACKAGE_DESCRIPTION === 'string'
    ? { version: PACKAGE_VERSION, description: PACKAGE_DESCRIPTION }
    : (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
        version: string;
        description: string;
      });
