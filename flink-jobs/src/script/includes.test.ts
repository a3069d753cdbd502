import { describe, expect, it } from 'vitest'
import { withIncludes } from './includes.ts'

const read = (path: string) => (path === 'views/a.sql' ? 'A1\nA2\n' : undefined)

describe('a SQL file that includes another', () => {
  it('has its lines in place of the directive', () => {
    const { sql } = withIncludes('job.sql', 'one\n-- include: views/a.sql\n\ntwo\n', read)
    expect(sql).toBe('one\nA1\nA2\n\ntwo\n')
  })

  it('knows where each line is written', () => {
    const { origins } = withIncludes('job.sql', 'one\n-- include: views/a.sql\ntwo', read)
    expect(origins).toEqual([
      'job.sql:1',
      'flink-jobs/views/a.sql:1',
      'flink-jobs/views/a.sql:2',
      'job.sql:3',
    ])
  })

  it('is refused when that file does not exist', () => {
    expect(() => withIncludes('job.sql', 'one\n-- include: views/b.sql', read)).toThrow(
      'job.sql:2: there is no flink-jobs/views/b.sql',
    )
  })

  it('is its own text where it includes none', () => {
    expect(withIncludes('job.sql', '-- includes nothing\n', read).sql).toBe('-- includes nothing\n')
  })
})
