import { writeText } from '../files.js';
import { chartLibrary, type ChartLibrary } from './chart/library.js';
import { pageHtml, type Report } from './page.js';

/** Loads what draws the charts, before anything long is begun: a missing package is named at once. */
export async function reportWriter(path: string | undefined): Promise<ReportWriter> {
  const library = path === undefined ? undefined : await chartLibrary();
  return {
    async write(make) {
      if (path === undefined || !library) return;
      await writeText(path, pageHtml(make(library)), { replace: true });
    },
  };
}

export interface ReportWriter {
  /** Writes the page; does nothing where none is asked for. */
  readonly write: (make: (library: ChartLibrary) => Report) => Promise<void>;
}
