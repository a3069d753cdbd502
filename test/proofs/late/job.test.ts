import { expect, test } from 'vitest'
import { jobUnder } from './job.ts'

test('the usual SQL takes CURRENT_WATERMARK for late, and passes a row while it is unknown', () => {
  const { sql } = jobUnder('current-watermark')
  expect(sql).toContain('CURRENT_WATERMARK(et)')
  expect(sql).toContain('WHERE partitionWatermark IS NULL OR et > partitionWatermark')
  expect(sql).not.toContain('MAX(clock)')
})

test('without late output nothing is inserted from it', () => {
  expect(jobUnder('drop-late').sql).not.toMatch(/INSERT INTO \S*late/)
  expect(jobUnder(undefined).sql).toMatch(/INSERT INTO \S*late/)
})
