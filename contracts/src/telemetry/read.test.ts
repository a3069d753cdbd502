import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseTelemetry, readableTelemetry, readTelemetry } from './read.ts'

const yaml = readFileSync(new URL('../../telemetry.yaml', import.meta.url), 'utf8')

/** Replaces the first occurrence, and fails when there is none. */
function changed(from: string, to: string): string {
  expect(yaml).toContain(from)
  return yaml.replace(from, to)
}

test('the declared telemetry can be used', () => {
  const { metrics, spans } = readTelemetry()
  expect(metrics.length).toBeGreaterThan(50)
  expect(spans.length).toBeGreaterThan(5)
  const duration = metrics.find(({ name }) => name === 'tenseams_http_request_duration_seconds')
  expect(duration).toMatchObject({
    type: 'histogram',
    isOurs: true,
    labels: { route: { most: 40 } },
  })
  expect(duration?.from).toContain('orders')
})

describe('a declaration is refused', () => {
  const metric = 'tenseams_ticks_total'
  const entry = `  ${metric}:\n    type: counter\n    unit: ticks\n    from: [pulse]\n    labels: {}\n`
  test.each([
    [
      'with a label of a bound that is not there',
      'labels: {}',
      'labels: { order: orderId }',
      `.labels.order: a bound, or a list of values, is expected`,
    ],
    [
      'with a label that Prometheus sets itself',
      'labels: {}',
      'labels: { job: job }',
      '.labels.job: is set by others, so it needs another name',
    ],
    [
      'without a part',
      'from: [pulse]',
      'from: [puls]',
      '.from: a list of parts, or `services` is expected',
    ],
    [
      'as a counter without _total',
      `${metric}:`,
      'tenseams_ticks:',
      ': counters, and only they, end in _total',
    ],
    [
      'without its unit in its name',
      'unit: ticks',
      'unit: seconds',
      ': a name that ends with its unit, seconds, is expected',
    ],
    [
      'in a unit that is none of the base units',
      `${metric}:`,
      'tenseams_ticks_ms_total:',
      ': base units are expected: seconds, bytes, ratio',
    ],
    [
      'with a property that nobody knows',
      'unit: ticks',
      'unit: ticks\n    colour: red',
      '.colour: is not known',
    ],
    [
      'with buckets when it is no histogram',
      'unit: ticks',
      'unit: ticks\n    buckets: [1]',
      '.buckets: nothing as `buckets` is expected',
    ],
    [
      'as a histogram without buckets',
      'type: counter',
      'type: histogram',
      '.buckets: a rising list of numbers is expected',
    ],
    [
      'of a type that is not known',
      'type: counter',
      'type: summary',
      '.type: counter, gauge, histogram is expected',
    ],
  ])('%s', (_what, from, to, mistake) => {
    const { mistakes } = readableTelemetry(changed(entry, entry.replace(from, to)))
    expect(mistakes.map((each) => each.replace(/^metrics\.\w+/, ''))).toContain(mistake)
  })

  test('with more series than Prometheus can bear', () => {
    const many = changed(
      'topic: { says: topic of Kafka, most: 64 }',
      'topic: { says: topic of Kafka, most: 1000 }',
    )
    expect(readableTelemetry(many).mistakes).toContainEqual(
      expect.stringMatching(
        /^metrics\.tenseams_handler_duration_seconds\.labels: \d+ series are possible, more than/,
      ),
    )
  })

  test('as a span that names an attribute it has not', () => {
    const { mistakes } = readableTelemetry(
      changed('"process {messaging.destination.name}"', '"process {http.route}"'),
    )
    expect(mistakes).toEqual([
      'spans.messaging.process.name: {http.route} is none of its attributes',
    ])
  })

  test('when no label has its bound', () => {
    const more = '  topic: { says: topic of Kafka, most: 64 }\n'
    const { mistakes } = readableTelemetry(
      changed(more, `${more}${more.replace('topic:', 'colour:')}`),
    )
    expect(mistakes).toEqual(['bounds.colour: no label has it'])
  })

  test('when its service is no part', () => {
    const { mistakes } = readableTelemetry(
      changed('pulse, auditor, exporter]', 'pulse, auditor, exporter, console]'),
    )
    expect(mistakes).toEqual(['bounds.service: console is none of the parts'])
  })

  test.each(['', 'metrics: [', '- a'])(
    'in the file %j, with all mistakes in the message',
    (text) => {
      expect(() => parseTelemetry(text)).toThrow(
        /contracts\/telemetry\.yaml cannot be used:\n {2}\S/,
      )
    },
  )
})
