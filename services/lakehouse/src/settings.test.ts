import { describe, expect, it } from 'vitest'
import { topicsOf } from './settings.ts'

const all = [{ name: 'orders' }, { name: 'payments' }, { name: 'shipments' }]

describe('the topics of an instance', () => {
  it('are all of them when none is named', () => {
    expect(topicsOf({}, all)).toEqual(all)
  })

  it('are those named, with or without spaces', () => {
    const topics = topicsOf({ TOPICS: 'shipments, orders' }, all)
    expect(topics.map(({ name }) => name)).toEqual(['shipments', 'orders'])
  })

  it('are read once when one is named twice', () => {
    expect(topicsOf({ TOPICS: 'orders,orders' }, all)).toEqual([{ name: 'orders' }])
  })

  it.each(['orders,order', 'orders,', ','])(
    '%s names an unknown topic: the service does not start',
    (TOPICS) => {
      expect(() => topicsOf({ TOPICS }, all)).toThrow('there are orders, payments, shipments')
    },
  )
})
