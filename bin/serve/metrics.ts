/** Upper ends of the buckets of durations, seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

type Labels = Readonly<Record<string, string>>;

interface Histogram {
  readonly labels: Labels;
  readonly counts: number[];
  sum: number;
  count: number;
}

/** Counters, gauges and durations in Prometheus's text format (version 0.0.4). Labels come from fixed sets only: memory stays bounded. */
export class Metrics {
  private readonly help = new Map<string, { readonly kind: string; readonly text: string }>();
  private readonly counters = new Map<string, Map<string, number>>();
  private readonly histograms = new Map<string, Map<string, Histogram>>();
  private readonly gauges = new Map<string, () => number>();

  counter(name: string, text: string): void {
    this.help.set(name, { kind: 'counter', text });
    this.counters.set(name, new Map());
  }

  histogram(name: string, text: string): void {
    this.help.set(name, { kind: 'histogram', text });
    this.histograms.set(name, new Map());
  }

  /** A number that is read when it is asked for. */
  gauge(name: string, text: string, read: () => number): void {
    this.help.set(name, { kind: 'gauge', text });
    this.gauges.set(name, read);
  }

  count(name: string, labels: Labels = {}, by = 1): void {
    const values = this.counters.get(name)!;
    const key = written(labels);
    values.set(key, (values.get(key) ?? 0) + by);
  }

  observe(name: string, seconds: number, labels: Labels = {}): void {
    const all = this.histograms.get(name)!;
    const key = written(labels);
    let one = all.get(key);
    if (!one) all.set(key, (one = { labels, counts: buckets.map(() => 0), sum: 0, count: 0 }));
    const bucket = buckets.findIndex((end) => seconds <= end);
    if (bucket >= 0) one.counts[bucket]!++;
    one.sum += seconds;
    one.count++;
  }

  text(): string {
    const lines: string[] = [];
    for (const [name, { kind, text }] of this.help) {
      lines.push(`# HELP ${name} ${text}`, `# TYPE ${name} ${kind}`);
      for (const [labels, value] of this.counters.get(name) ?? []) lines.push(`${name}${labels} ${value}`);
      for (const one of this.histograms.get(name)?.values() ?? []) lines.push(...histogramLines(name, one));
      const read = this.gauges.get(name);
      if (read) lines.push(`${name} ${read()}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

function histogramLines(name: string, { labels, counts, sum, count }: Histogram): string[] {
  let below = 0;
  const lines = buckets.map((end, k) => {
    below += counts[k]!;
    return `${name}_bucket${written({ ...labels, le: String(end) })} ${below}`;
  });
  return [
    ...lines,
    `${name}_bucket${written({ ...labels, le: '+Inf' })} ${count}`,
    `${name}_sum${written(labels)} ${sum}`,
    `${name}_count${written(labels)} ${count}`,
  ];
}

function written(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${value.replaceAll(/["\\\n]/gu, '_')}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}
