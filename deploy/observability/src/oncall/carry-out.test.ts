import { describe, expect, test } from 'vitest'
import { ActLog } from './act-log.ts'
import { carryOut } from './carry-out.ts'
import type { Plan } from './plan.ts'

const request = { command: 'transactions abort', target: 'fulfilment-0', reason: 'it hangs' }

function carrying(dryRun = false) {
  const lines: { outcome: string; detail: string[]; act: string }[] = []
  const said: string[] = []
  const file = {
    append: (line: string) => void lines.push(JSON.parse(line)),
    close: () => undefined,
  }
  const log = new ActLog(file, 'operator', request)
  return { lines, said, options: { dryRun, log, say: (line: string) => void said.push(line) } }
}

function planOf(...results: readonly (string | Error)[]) {
  const acted: number[] = []
  const plan: Plan = {
    found: ['it is open'],
    steps: results.map((result, index) => ({
      says: `do ${index}`,
      act: async () => {
        if (result instanceof Error) throw result
        acted.push(index)
        return result
      },
    })),
  }
  return { plan, acted }
}

describe('a plan of on-call', () => {
  test('is shown, written to the audit log, carried out, and its end is written', async () => {
    const { lines, said, options } = carrying()
    const { plan, acted } = planOf('first', 'second')
    expect(await carryOut(plan, options)).toBe(0)
    expect(acted).toEqual([0, 1])
    expect(said).toEqual(['it is open', 'will do 0', 'will do 1', 'first', 'second', 'done'])
    expect(lines).toMatchObject([
      { ...request, identity: 'operator', outcome: 'begun', detail: ['do 0', 'do 1'] },
      { ...request, identity: 'operator', outcome: 'done', detail: ['do 0', 'do 1'] },
    ])
    expect(lines[0]?.act).toBe(lines[1]?.act)
  })

  test('is only shown with --dry-run', async () => {
    const { lines, said, options } = carrying(true)
    const { plan, acted } = planOf('first')
    expect(await carryOut(plan, options)).toBe(0)
    expect([acted, lines]).toEqual([[], []])
    expect(said).toEqual(['it is open', 'would do 0'])
  })

  test('without a step leaves everything as it is, and succeeds', async () => {
    const { lines, said, options } = carrying()
    expect(await carryOut(planOf().plan, options)).toBe(0)
    expect(lines).toEqual([])
    expect(said).toContain('nothing to do: it is so already')
  })

  test('that is refused is not carried out', async () => {
    const { lines, options } = carrying()
    const { plan, acted } = planOf('first')
    expect(await carryOut({ ...plan, refused: 'it is at work' }, options)).toBe(1)
    expect([acted, lines]).toEqual([[], []])
  })

  test('is not carried out when the audit log cannot be written', async () => {
    const { options } = carrying()
    const { plan, acted } = planOf('first')
    const write = () => {
      throw new Error('no space left on device')
    }
    await expect(carryOut(plan, { ...options, log: { write } })).rejects.toThrow('nothing was done')
    expect(acted).toEqual([])
  })

  test('that fails in the middle says in the audit log what was done, and why not the rest', async () => {
    const { lines, options } = carrying()
    const refusal = Object.assign(new Error('Kafka refuses'), { retriable: false })
    const { plan, acted } = planOf('first', refusal, 'third')
    await expect(carryOut(plan, options)).rejects.toThrow('Kafka refuses')
    expect(acted).toEqual([0])
    expect(lines.at(-1)).toMatchObject({ outcome: 'failed', detail: ['do 0', 'Kafka refuses'] })
  })
})
