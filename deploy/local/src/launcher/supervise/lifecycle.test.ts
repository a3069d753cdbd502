import { describe, expect, test } from 'vitest'
import { MoveRefused, nextState, stateOf } from './lifecycle.ts'

describe('the lifecycle of a component', () => {
  test('goes from stopped to ready, through a pause, and back', () => {
    const moves = ['start', 'readied', 'pause', 'resume', 'stop', 'ended'] as const
    let state = nextState('kafka', 'stopped', moves[0])
    for (const move of moves.slice(1)) state = nextState('kafka', state, move)
    expect(state).toBe('stopped')
  })

  test.each([
    ['stopped', 'pause'],
    ['stopped', 'kill'],
    ['ready', 'start'],
    ['ready', 'resume'],
    ['failed', 'pause'],
  ] as const)('refuses, when %s, to %s', (state, move) => {
    expect(() => nextState('kafka', state, move)).toThrow(MoveRefused)
  })

  test.each(['starting', 'ready', 'paused', 'stopping', 'failed'] as const)(
    'ends from %s by a kill',
    (state) => {
      expect(nextState('kafka', state, 'kill')).toBe('stopped')
    },
  )

  test('is failed when its process is gone and was not stopped', () => {
    const seen = { recorded: true, process: 'gone' } as const
    expect(stateOf({ ...seen, phase: 'ready' })).toBe('failed')
    expect(stateOf({ ...seen, phase: 'starting' })).toBe('failed')
    expect(stateOf({ ...seen, phase: 'stopping' })).toBe('stopped')
  })

  test('is paused when its process is', () => {
    expect(stateOf({ recorded: true, phase: 'ready', process: 'paused' })).toBe('paused')
  })

  test('is stopped when there is no record', () => {
    expect(stateOf({ recorded: false, phase: 'ready', process: 'gone' })).toBe('stopped')
  })
})
