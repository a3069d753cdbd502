/**
 * The value of `work`.
 *
 * @param late makes the error when it has none in time.
 * @throws Error then; the work itself goes on, and what it throws later is nobody's.
 */
export async function withTimeout<Value>(
  work: Promise<Value>,
  timeoutMs: number,
  late: () => Error = () => new Error(`no answer within ${timeoutMs} ms`),
): Promise<Value> {
  const timer = Promise.withResolvers<never>()
  const handle = setTimeout(() => timer.reject(late()), timeoutMs)
  try {
    return await Promise.race([work, timer.promise])
  } finally {
    clearTimeout(handle)
  }
}
