/** What a part shows: Prometheus' text format, read. */
export type Scrape = {
  /** The type of each metric, by name. */
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
}

export type Sample = {
  /** Of the metric, without a histogram's `_bucket`, `_sum` or `_count`. */
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** @throws Error for a line that is none of the format, with the line. */
export function readScrape(text: string): Scrape {
  const types = new Map<string, string>()
  const samples: Sample[] = []
  for (const line of text.split('\n').map((each) => each.trim())) {
    const [, named, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (named !== undefined && type !== undefined) types.set(named, type)
    if (line !== '' && !line.startsWith('#')) samples.push(sampleOf(line, types))
  }
  return { types, samples }
}

/** Name, labels, value, then a time or an exemplar. A brace in a label's value ends nothing. */
const LINE =
  /^([A-Za-z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s+(\S+)(?:\s+\d+)?(?:\s+#.*)?$/

function sampleOf(line: string, types: ReadonlyMap<string, string>): Sample {
  const [, name, labels = '', value] = LINE.exec(line) ?? []
  if (name === undefined || value === undefined) {
    throw new Error(`no line of Prometheus' text format: ${line}`)
  }
  return { metric: metricOf(name, types), labels: labelsIn(labels), value: numberOf(value) }
}

function metricOf(name: string, types: ReadonlyMap<string, string>): string {
  const without = name.replace(/_(?:bucket|sum|count)$/, '')
  return ['histogram', 'summary'].includes(types.get(without) ?? '') ? without : name
}

function labelsIn(text: string): Readonly<Record<string, string>> {
  const found = text.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g)
  return Object.fromEntries([...found].map(([, label, value = '']) => [label, unescaped(value)]))
}

function unescaped(value: string): string {
  return value.replaceAll(/\\(.)/g, (_, mark: string) => (mark === 'n' ? '\n' : mark))
}

function numberOf(text: string): number {
  return Number(text.replace(/^([+-]?)Inf$/, '$1Infinity'))
}
