import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Recorder, recordSpans } from '../testing/recorder.ts'
import { contextIn } from '../traceparent.ts'
import { activeMember, inSharedStep, MOST_LINKS } from './shared.ts'
import { activeContext, inStep } from './step.ts'

const contextOf = (spanId: string, flags = '01') => {
  const context = contextIn(`00-0af7651916cd43dd8448eb211c80319c-${spanId}-${flags}`)
  if (context === undefined) throw new Error('no context')
  return context
}
const idOf = (number: number) => number.toString(16).padStart(16, '0')
const statement = { span: 'event-store.statement' } as const

let recorder: Recorder

beforeEach(() => {
  recorder = recordSpans('orders')
})

afterEach(() => recorder.close())

test('shared work is a trace of its own, which links those that share it', async () => {
  const members = [contextOf(idOf(1)), contextOf(idOf(2), '00'), contextOf(idOf(3))]
  await inSharedStep(statement, members, async (running) => {
    expect(running.context?.traceId).not.toBe(members[0]?.traceId)
    expect(activeContext()?.spanId).toBe(running.context?.spanId)
  })
  const [span] = recorder.spans()
  expect(span?.parentId).toBeUndefined()
  expect(span?.tags?.links?.split(' ').map((link) => link.slice(33))).toEqual([idOf(1), idOf(3)])
})

test('work that nobody records is not recorded, and is outside of the trace that has begun it', async () => {
  await inStep({ span: 'event-store.append', parent: contextOf(idOf(1), '00') }, () =>
    inSharedStep(statement, [contextOf(idOf(1), '00')], async (running) => {
      expect(running.context).toBeUndefined()
      expect(activeContext()).toBeUndefined()
    }),
  )
  expect(recorder.spans()).toEqual([])
})

test('work that fails says so, and its error is thrown on', async () => {
  const failing = inSharedStep(statement, [contextOf(idOf(1))], () =>
    Promise.reject(new RangeError('x')),
  )
  await expect(failing).rejects.toThrow('x')
  expect(recorder.spans()[0]?.tags).toMatchObject({ error: 'RangeError' })
})

test('a backlog is not linked whole', async () => {
  const members = Array.from({ length: 1_000 }, (_, index) => contextOf(idOf(index + 1)))
  await inSharedStep(statement, members, async () => undefined)
  expect(recorder.spans()[0]?.tags?.links?.split(' ')).toHaveLength(MOST_LINKS)
})

test('only a step that is recorded takes part', async () => {
  expect(activeMember()).toBeUndefined()
  const unsampled = contextOf(idOf(1), '00')
  await inStep({ span: 'event-store.append', parent: unsampled }, async () => {
    expect(activeMember()).toBeUndefined()
  })
  await inStep({ span: 'event-store.append', parent: contextOf(idOf(1)) }, async () => {
    expect(activeMember()?.spanContext()).toEqual(activeContext())
  })
})
