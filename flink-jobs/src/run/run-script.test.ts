import { describe, expect, it } from 'vitest'
import { lineOf } from './run-script.ts'

describe('the line of a SQL error', () => {
  it("is counted in the file, not in Flink's statement", () => {
    expect(lineOf("From line 3, column 8 to line 3, column 9: Object 'x' not found", 20)).toBe(22)
  })

  it("is the statement's where Flink names none", () => {
    expect(lineOf('no such function', 20)).toBe(20)
  })
})
