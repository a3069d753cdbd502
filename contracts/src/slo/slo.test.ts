import { describe, expect, test } from 'vitest'
import { parseSlos } from './slo.ts'

const good = `slos:
  order-accepted:
    title: an order is answered
    owner: orders
    objective: 0.999
    events: { total: 'requests_total{route="/orders"}', bad: 'requests_total{status=~"5.."}', least: 5 }
`

describe('contracts/slo.yaml', () => {
  test('gives each objective its name and its kind', () => {
    expect(parseSlos(good)).toEqual([
      {
        name: 'order-accepted',
        title: 'an order is answered',
        owner: 'orders',
        objective: 0.999,
        by: [],
        events: expect.anything(),
        indicator: {
          kind: 'events',
          total: 'requests_total{route="/orders"}',
          bad: 'requests_total{status=~"5.."}',
          least: 5,
        },
      },
    ])
  })

  test.each([
    ['an objective that no burn rate could spend', '0.999', '0.9', /objective: a number from 0.94/],
    ['an objective without a budget', '0.999', '1', /objective: a number from 0.94/],
    [
      'a function where a range is added',
      '\'requests_total{route="/orders"}\'',
      'sum(x)',
      /order-accepted.events.total: a series like/,
    ],
    [
      'a count that is none',
      'least: 5',
      'least: 0.5',
      /order-accepted.events.least: a whole number/,
    ],
    ['a property that is not known', 'owner:', 'onwer:', /order-accepted.onwer: is not known/],
    [
      'a name that is no name of an alert',
      'order-accepted:',
      'Order_accepted:',
      /a name like order-accepted/,
    ],
    ['no indicator', 'events:', 'event:', /one of events, latency, level is expected/],
    ['a second list', 'slos:', 'extra: {}\nslos:', /`extra` is not known/],
  ])('is refused with %s', (_what, from, to, message) => {
    expect(() => parseSlos(good.replace(from, to))).toThrow(message)
  })

  test('is refused when it is empty or no YAML', () => {
    expect(() => parseSlos('slos: {}')).toThrow(/missing or empty/)
    expect(() => parseSlos('slos: [')).toThrow(/not YAML/)
  })
})
