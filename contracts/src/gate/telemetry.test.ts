import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ContractSet } from './contract-set.ts'
import { telemetryRefusals } from './telemetry.ts'

const file = readFileSync(new URL('../../telemetry.yaml', import.meta.url), 'utf8')
const read = `  tenseams_connector_restarts_total:
    type: counter
    unit: restarts
    from: [pulse]
    labels: { connector: connector }
    help: Restarts of connectors of Kafka Connect that had failed.
    for: a connector that fails again and again
    alerts: [`
/** The file as it is, with an alert that reads this metric. */
const [before = '', after = ''] = file.split(read)
const yaml = `${before}${read}ConnectorFails${after.replace(/^[^\]]*/, '')}`

const set = (telemetry: string | undefined): ContractSet => ({
  ...{ name: '', commit: '', promises: [], names: new Set(), versions: [], records: [] },
  ...{ sinks: new Set(), ungoverned: [], undecided: [], decisions: new Map() },
  ...{ users: undefined, telemetry },
})
const whats = (telemetry: string | undefined) =>
  telemetryRefusals(set(yaml), set(telemetry)).map(({ what }) => what)

describe('telemetry in a change', () => {
  it('may stay as it is', () => {
    expect(after).not.toBe('')
    expect(whats(yaml)).toEqual([])
  })

  it('may not be unusable', () => {
    expect(whats(yaml.replace('topic: { says: topic of Kafka, most: 64 }', 'topic: {}'))).toContain(
      'bounds.topic.says: text is expected',
    )
  })

  it('may not lose a metric that an alert reads, by renaming or deleting it', () => {
    const renamed = yaml.replaceAll(
      'tenseams_connector_restarts_total',
      'tenseams_connector_starts_total',
    )
    const [refusal] = telemetryRefusals(set(yaml), set(renamed))
    expect(refusal).toMatchObject({
      where: 'contracts/telemetry.yaml: tenseams_connector_restarts_total',
      what: 'the metric is gone',
      whom: 'whoever is called by ConnectorFails',
    })
  })

  it('may not lose a label of a metric that an alert reads, or its type', () => {
    expect(whats(yaml.replace(read, read.replace('connector: connector', 'slot: slot')))).toEqual([
      'the label connector is gone',
    ])
    const violations =
      /( {2}tenseams_invariant_violations:\n {4}type: )gauge([\s\S]*?alerts: )\[.*\]/
    const alerted = yaml.replace(violations, '$1gauge$2[InvariantViolated]')
    const other = alerted.replace(violations, '$1histogram\n    buckets: [1]$2[]')
    expect(telemetryRefusals(set(alerted), set(other)).map(({ what }) => what)).toEqual([
      'the gauge is a histogram now',
    ])
  })

  it('may lose what no alert reads', () => {
    expect(whats(yaml.replaceAll('tenseams_ticks_total', 'tenseams_tick_rows_total'))).toEqual([])
  })

  it('may not be deleted with its file; a project without the file has none', () => {
    expect(whats(undefined)).toEqual(['the file is gone'])
    expect(telemetryRefusals(set(undefined), set(undefined))).toEqual([])
  })
})
