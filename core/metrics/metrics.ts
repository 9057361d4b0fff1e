import { LIMITS } from '#core/limits.ts'
import {
  BUCKETS_SECONDS,
  type LabelsOf,
  METRICS,
  type MetricName,
  type NameOf,
  OTHER,
  ROUTES,
} from '#core/metrics/table.ts'

interface Histogram {
  /** How many fell into each bucket, and above the last one. */
  readonly counts: number[]
  sum: number
}

/**
 * What one process has counted, in Prometheus' text format 0.0.4. A label has a value of its closed
 * set or is `other`, so the number of series has a bound that no request moves.
 */
export class Metrics {
  private readonly counters = new Map<MetricName, Map<string, number>>()
  private readonly histograms = new Map<MetricName, Map<string, Histogram>>()
  private readonly gauges = new Map<MetricName, Map<string, () => number | Promise<number>>>()
  private readonly routes = new Set<string>()

  count<Name extends NameOf<'counter'>>(name: Name, labels: LabelsOf<Name>, by = 1): void {
    const series = seriesOf(this.counters, name)
    const key = this.labelsText(name, labels)
    series.set(key, (series.get(key) ?? 0) + by)
  }

  observe<Name extends NameOf<'histogram'>>(
    name: Name,
    labels: LabelsOf<Name>,
    seconds: number,
  ): void {
    const series = seriesOf(this.histograms, name)
    const key = this.labelsText(name, labels)
    const histogram = series.get(key) ?? { counts: EMPTY_BUCKETS.slice(), sum: 0 }
    const at = BUCKETS_SECONDS.findIndex((end) => seconds <= end)
    const bucket = at < 0 ? BUCKETS_SECONDS.length : at
    histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1
    histogram.sum += seconds
    series.set(key, histogram)
  }

  /** `read` is asked at each look; where it rejects, the series is left out. */
  watch<Name extends NameOf<'gauge'>>(
    name: Name,
    labels: LabelsOf<Name>,
    read: () => number | Promise<number>,
  ): void {
    seriesOf(this.gauges, name).set(this.labelsText(name, labels), read)
  }

  async text(): Promise<string> {
    const lines: string[] = []
    for (const [name, { kind, help }] of Object.entries(METRICS)) {
      const samples = await this.samplesOf(name as MetricName)
      if (samples.length === 0) continue
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...samples)
    }
    return `${lines.join('\n')}\n`
  }

  private async samplesOf(name: MetricName): Promise<readonly string[]> {
    const counters = [...(this.counters.get(name) ?? [])]
    const histograms = [...(this.histograms.get(name) ?? [])]
    const gauges = [...(this.gauges.get(name) ?? [])]
    const read = await Promise.all(gauges.map(([labels, ask]) => gaugeSample(name, labels, ask)))
    return [
      ...counters.map(([labels, value]) => sample(name, labels, value)),
      ...histograms.flatMap(([labels, histogram]) => histogramSamples(name, labels, histogram)),
      ...read.flat(),
    ]
  }

  /** Without its braces, in the order of the table. */
  private labelsText(name: MetricName, labels: Readonly<Record<string, string>>): string {
    const known: Readonly<Record<string, readonly string[] | typeof ROUTES>> = METRICS[name].labels
    return Object.entries(known)
      .map(([label, values]) => {
        const value = labels[label] ?? OTHER
        const isKnown = values === ROUTES ? this.isRoute(value) : values.includes(value)
        return `${label}="${escaped(isKnown ? value : OTHER)}"`
      })
      .join(',')
  }

  private isRoute(pattern: string): boolean {
    if (this.routes.size < LIMITS.metricRoutesMax) this.routes.add(pattern)
    return this.routes.has(pattern)
  }
}

const EMPTY_BUCKETS: readonly number[] = Array.from({ length: BUCKETS_SECONDS.length + 1 }, () => 0)

const seriesOf = <Value>(
  all: Map<MetricName, Map<string, Value>>,
  name: MetricName,
): Map<string, Value> => {
  const series = all.get(name) ?? new Map<string, Value>()
  all.set(name, series)
  return series
}

const gaugeSample = async (
  name: string,
  labels: string,
  read: () => number | Promise<number>,
): Promise<readonly string[]> => {
  try {
    return [sample(name, labels, await read())]
  } catch {
    // What cannot be asked now has no value; the others do.
    return []
  }
}

const histogramSamples = (name: string, labels: string, { counts, sum }: Histogram) => {
  const ends = [...BUCKETS_SECONDS.map(String), '+Inf']
  const joined = (end: string) => [labels, `le="${end}"`].filter((one) => one !== '').join(',')
  let total = 0
  const buckets = ends.map((end, at) => {
    total += counts[at] ?? 0
    return sample(`${name}_bucket`, joined(end), total)
  })
  return [...buckets, sample(`${name}_sum`, labels, sum), sample(`${name}_count`, labels, total)]
}

const sample = (name: string, labels: string, value: number): string =>
  `${name}${labels === '' ? '' : `{${labels}}`} ${value}`

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
