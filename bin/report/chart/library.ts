import { optionalPackage } from '../../../harness/optional-package.js';

/** What is used of a node of linkedom’s document. */
export interface ChartElement {
  readonly localName: string;
  readonly outerHTML: string;
  readonly children: Iterable<ChartElement>;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
}

export type Mark = object;
type MarkMaker = (data: readonly unknown[], options?: Readonly<Record<string, unknown>>) => Mark;
export interface PlottedChart extends ChartElement {
  scale(name: string): { readonly domain: readonly number[]; readonly range: readonly number[] } | undefined;
}

/** What is used of Observable Plot. */
export interface PlotLibrary {
  plot(options: Readonly<Record<string, unknown>>): PlottedChart;
  readonly lineY: MarkMaker;
  readonly areaY: MarkMaker;
  readonly dot: MarkMaker;
  readonly text: MarkMaker;
  readonly rect: MarkMaker;
  readonly barX: MarkMaker;
  readonly ruleX: MarkMaker;
  readonly ruleY: MarkMaker;
  readonly tickX: MarkMaker;
  readonly axisX: (options: Readonly<Record<string, unknown>>) => Mark;
  readonly axisY: (options: Readonly<Record<string, unknown>>) => Mark;
}

/** Observable Plot, and a document for it that needs no browser. */
export interface ChartLibrary {
  readonly plot: PlotLibrary;
  readonly document: object;
}

const packages = ['@observablehq/plot', 'linkedom'] as const;
let loaded: Promise<ChartLibrary> | undefined;

/** The packages that draw charts. Throws `MissingPackageError`, with the command that installs both, where one is absent. */
export function chartLibrary(): Promise<ChartLibrary> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<ChartLibrary> {
  const [plot, dom] = await Promise.all(packages.map(optional));
  const { parseHTML } = dom as { readonly parseHTML: (text: string) => { document: object } };
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  return { plot: plot as PlotLibrary, document };
}

/** By a name that compilers do not follow: the types of both are those of a browser. */
function optional(name: string): Promise<unknown> {
  return optionalPackage(name, () => import(name) as Promise<unknown>, packages.join(' '));
}
