import { describe, expect, it } from 'vitest'
import { splitStatements } from './statements.ts'

const sqlsOf = (text: string) => splitStatements(text).map((statement) => statement.sql)

describe('a SQL file', () => {
  it('is split at its semicolons', () => {
    expect(splitStatements('SELECT 1;\n\nSELECT\n 2;\nSELECT 3')).toEqual([
      { sql: 'SELECT 1', line: 1 },
      { sql: 'SELECT\n 2', line: 3 },
      { sql: 'SELECT 3', line: 5 },
    ])
  })

  it('is not split in quoted text, quoted names or comments', () => {
    const sql = "SELECT 'a;b''c;', `d;e` /* f; */ -- g;\n, 1"
    expect(sqlsOf(`${sql};`)).toEqual([sql])
  })

  it("drops comments before a statement, and the line is the statement's", () => {
    expect(splitStatements('-- one;\n/* two;\n */\nSELECT 1; -- three\n')).toEqual([
      { sql: 'SELECT 1', line: 4 },
    ])
  })

  it('keeps a statement set whole, with its last semicolon', () => {
    const set =
      'EXECUTE STATEMENT SET\nBEGIN\nINSERT INTO a SELECT 1;\nINSERT INTO b SELECT 2;\nEND;'
    expect(sqlsOf(`SET 'a' = 'b';\n${set}\nSELECT 3;`)).toEqual(["SET 'a' = 'b'", set, 'SELECT 3'])
  })

  it('knows the end of a CASE from the end of a statement set', () => {
    const set = 'execute statement set begin insert into a select case when x then 1 end; end;'
    expect(sqlsOf(`${set} SELECT 1`)).toEqual([set, 'SELECT 1'])
  })

  it.each(['', ';', ' ;; ', '-- nothing'])('%j has no statement', (text) => {
    expect(splitStatements(text)).toEqual([])
  })
})
