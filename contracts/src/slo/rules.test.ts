import { describe, expect, test } from 'vitest'
import { type Rule, sloGroups } from './rules.ts'
import { readSlos, type Slo } from './slo.ts'

const slos = readSlos()
const alertsOf = (groups: ReturnType<typeof sloGroups>) =>
  groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined)

function find(rules: readonly Rule[], record: string): string {
  return rules.find((rule) => rule.record === record)?.expr ?? ''
}

describe('the rules of the objectives', () => {
  test('call for two burn rates and open tickets for two more', () => {
    for (const { name } of slos) {
      const own = alertsOf(sloGroups(slos.filter((slo) => slo.name === name)))
      expect(own.map(({ labels }) => `${labels?.severity} ${labels?.window}`)).toEqual([
        ...['page 1h', 'page 6h', 'ticket 1d', 'ticket 3d'],
      ])
    }
  })

  test('say to people what is not kept, by how much, and where to read on', () => {
    const [first] = alertsOf(sloGroups(slos.filter(({ name }) => name === 'consumer-lag')))
    expect(first?.annotations).toEqual({
      summary:
        '{{ $labels.group }}: not kept for {{ $value | humanizePercentage }} of the last 1h: a service is less than 30 s behind the topics that it reads',
      description:
        'The budget is 0.5 % of 28 days; at 14.4 times its rate it is spent in 1.9 days.',
      runbook_url: 'runbooks/ConsumerLagBurn.md',
    })
  })

  test('have windows 20 times shorter in drills, and the same names and limits', () => {
    const [normal, drill] = [sloGroups(slos), sloGroups(slos, 'drill')]
    expect(alertsOf(drill)).toEqual(alertsOf(normal))
    expect(drill.map(({ interval }) => interval)).toContain('1s')
    const rules = drill.flatMap((group) => group.rules)
    expect(find(rules, 'tenseams:slo_total:increase5m')).toContain('[15s]')
    expect(find(rules, 'tenseams:slo_total:increase3d')).toContain('[12960s]')
  })

  test('divide bad moments by all moments of the window, in drills by as many as there are then', () => {
    const lag = slos.filter(({ name }) => name === 'consumer-lag')
    const ratioOf = (profile: 'normal' | 'drill') =>
      find(
        sloGroups(lag, profile).flatMap((group) => group.rules),
        'tenseams:slo_errors:ratio5m',
      )
    expect(ratioOf('normal')).toMatch(/\[5m\]\) \/ 20$/)
    expect(ratioOf('drill')).toMatch(/\[15s\]\) \/ 15$/)
  })

  test('take the bound of drills only in drills', () => {
    const level: Slo = {
      ...{ name: 'level', title: 't', owner: 'o', objective: 0.99, by: [] },
      indicator: { kind: 'level', value: 'x', above: 30, drillAbove: 5 },
    }
    const boundIn = (profile: 'normal' | 'drill') =>
      find(
        sloGroups([level], profile).flatMap((group) => group.rules),
        'tenseams:slo_bad:bool',
      )
    expect([boundIn('normal'), boundIn('drill')]).toEqual(['(x) > bool 30', '(x) > bool 5'])
  })
})
