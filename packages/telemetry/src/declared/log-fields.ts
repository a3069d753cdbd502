// Generated from contracts/telemetry.yaml by `npm run contracts -- generate`. Do not edit.

export type LogFields = {
  /** 30 information, 40 warning, 50 error, 60 fatal */
  readonly 'level': number
  /** milliseconds since 1970 */
  readonly 'time': number
  /** what happened, in words that do not vary */
  readonly 'msg': string
  /** who writes */
  readonly 'service': string
  /** trace of the work under way */
  readonly 'trace_id': string
  /** span of the work under way */
  readonly 'span_id': string
  /** id of a request, also in the audit log */
  readonly 'reqId': string
  /** error with type, message, code and stack */
  readonly 'err': object
  /** id of the event */
  readonly 'eventId': string
  /** id of the order */
  readonly 'orderId': string
  /** topic */
  readonly 'topic': string
  /** partition */
  readonly 'partition': number
  /** offset of a record */
  readonly 'offset': string
  /** consumer group */
  readonly 'group': string
  /** table of the lake */
  readonly 'table': string
  /** code of the error */
  readonly 'reason': string
  /** how often something was tried, from 1 */
  readonly 'attempt': number
  /** milliseconds until the next attempt */
  readonly 'delayMs': number
}
