/** What this service needs of a log; the HTTP server's is one. */
export type Log = {
  info(context: object, message: string): void
  warn(context: object, message: string): void
  error(context: object, message: string): void
}
