import { describe, expect, it } from 'vitest'
import { rootMessage } from './http.ts'

describe("Flink's root message", () => {
  it('is the innermost cause without its frames', () => {
    const trace = `Internal server error.
<Exception on server side:
org.apache.flink.table.gateway.api.utils.SqlGatewayException: Failed to fetchResults.
\tat org.apache.flink.table.gateway.rest.Handler.handle(Handler.java:85)
Caused by: org.apache.flink.table.api.ValidationException: SQL validation failed. From line 2
\tat org.apache.flink.table.planner.Planner.validate(Planner.scala:192)
\t... 8 more
Caused by: org.apache.calcite.runtime.CalciteContextException: From line 2, column 8: Object 'nix' not found
\tat java.base/java.lang.Thread.run(Thread.java:840)
\t... 21 more

End of exception on server side>`
    expect(rootMessage(trace)).toBe(
      "CalciteContextException: From line 2, column 8: Object 'nix' not found",
    )
  })

  it("leaves out the parser's list of everything it would have taken", () => {
    const trace = `Caused by: org.apache.flink.sql.parser.impl.ParseException: Encountered "FORM" at line 1, column 10.
Was expecting one of:
    <EOF>
    "FROM" ...
\tat org.apache.flink.sql.parser.Parser.parse(Parser.java:1)`
    expect(rootMessage(trace)).toBe('ParseException: Encountered "FORM" at line 1, column 10.')
  })

  it('is the text itself where there is no trace', () => {
    expect(rootMessage('no such session')).toBe('no such session')
  })
})
