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
  readonly 'err': unknown
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
  /** why a record waits: an outage, an event that is early, something that somebody holds back, or a bug of ours */
  readonly 'fault': string
  /** failures since the last success */
  readonly 'errorsInARow': number
  /** what became of a transaction */
  readonly 'outcome': string
  /** records that wait */
  readonly 'records': number
  /** what a person needs to know: of a dead letter, or why somebody did something */
  readonly 'detail': string
  /** who did something, as in the audit log */
  readonly 'identity': string
  /** whether the client library restarts the reader itself */
  readonly 'byKafkajs': boolean
  /** signal that ends the process */
  readonly 'signal': string
  /** method of a request */
  readonly 'method': string
  /** pattern of a request's route */
  readonly 'route': string
  /** use of a right, as in the audit log */
  readonly 'use': unknown
  /** what could not be done */
  readonly 'what': string
  /** connector of Kafka Connect */
  readonly 'connector': string
  /** restarts of a connector so far */
  readonly 'restarts': number
  /** path that was asked for at another part */
  readonly 'path': string
  /** what the exporter asks */
  readonly 'source': string
  /** invariant of the auditor, such as I3 */
  readonly 'invariant': string
  /** what an invariant says */
  readonly 'says': string
  /** how often it is violated */
  readonly 'violations': number
  /** ids of some that violate it */
  readonly 'offenders': unknown
  /** kind of difference between the provider and us */
  readonly 'kind': string
  /** receiver of a notification */
  readonly 'receiver': string
  /** whether alerts fire or are resolved */
  readonly 'status': string
  /** names of alerts */
  readonly 'alerts': unknown
  /** rows of a table */
  readonly 'rows': number
  /** files of a table */
  readonly 'files': number
  /** files that they became */
  readonly 'into': number
  /** bytes of them */
  readonly 'bytes': number
  /** snapshots that were expired */
  readonly 'expired': number
  /** step of maintenance */
  readonly 'step': string
  /** next offset of each partition */
  readonly 'offsets': unknown
  /** offset that is next */
  readonly 'expected': string
  /** offset that was found instead */
  readonly 'found': string
  /** version of a contract before */
  readonly 'from': number
  /** version of a contract after */
  readonly 'to': number
}
