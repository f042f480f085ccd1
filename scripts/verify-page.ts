import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Writes the page on which a certificate is verified: one file, the checker inside, no network. */
export async function writeVerifyPage(target: string): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['lib/verify/index.ts'],
    bundle: true,
    format: 'iife',
    globalName: 'sftOptVerify',
    target: 'es2022',
    minify: true,
    write: false,
    logLevel: 'error',
  });
  const page = await readFile(resolve(root, 'bin/verify-page/page.html'), 'utf8');
  const checker = outputFiles[0]!.text.replaceAll('</script', '<\\/script');
  await mkdir(dirname(target), { recursive: true });
  await writeFile(
    target,
    page.replace('/* checker */', () => checker),
  );
}
