import { describe, expect, it } from 'vitest'
import { intervalsOf, jobNames, ownIntervals, readJob, withIntervals } from './job.ts'

const job = readJob('revenue-per-minute')

describe('a job', () => {
  it('is found by its name', () => {
    expect(jobNames()).toContain('revenue-per-minute')
    expect(() => readJob('../src')).toThrow('there is no job ../src; the jobs are: order-to-cash, ')
  })

  it('marks its intervals, and a mark has one value wherever it stands', () => {
    expect(intervalsOf(job)).toEqual({
      delay: "INTERVAL '5' SECOND",
      window: "INTERVAL '1' MINUTE",
    })
    const sql = "INTERVAL '5' SECOND /* :delay */ INTERVAL '6' SECOND /* :delay */"
    expect(() => intervalsOf({ ...job, sql })).toThrow('the mark :delay has two values')
  })

  it('runs with other intervals', () => {
    const changed = withIntervals(job, { window: "INTERVAL '10' SECOND" })
    expect(changed.sql).toContain("INTERVAL '10' SECOND /* :window */")
    expect(changed.sql).not.toContain("INTERVAL '1' MINUTE")
    expect(changed.sql.length).toBe(job.sql.length + job.sql.split('/* :window */').length - 1)
    expect(withIntervals(job, {})).toEqual(job)
  })

  it('may have no delay', () => {
    const delay = "INTERVAL '0' SECOND"
    expect(intervalsOf(withIntervals(job, { delay })).delay).toBe(delay)
  })

  it('takes its own of the intervals for all jobs', () => {
    const window = "INTERVAL '10' SECOND"
    expect(ownIntervals(job, { window, gap: "INTERVAL '9' SECOND" })).toEqual({ window })
  })

  it.each([
    [{ windows: "INTERVAL '10' SECOND" }, 'has no mark :windows'],
    [{ window: "INTERVAL '10' SECOND)); DROP TABLE x" }, 'window: an interval like'],
    [{ window: "INTERVAL '00' SECOND" }, 'window: an interval of some length is expected'],
    [{ window: '10 s' }, "INTERVAL '10' SECOND is expected, not 10 s"],
  ])('refuses %j', (intervals, message) => {
    expect(() => withIntervals(job, intervals)).toThrow(message)
  })
})

describe.each(jobNames())('%s', (name) => {
  it('names in its SQL exactly the topics of its job.json', () => {
    const { sql, reads, writes } = readJob(name)
    const named = [...sql.matchAll(/`([^`]+\.v\d+)`/g)].map((match) => match[1])
    expect([...new Set(named)].sort()).toEqual([...reads, ...writes].sort())
  })
})
