/** The value of `work`. @throws Error when it has none in time; the work itself goes on. */
export async function withTimeout<Value>(work: Promise<Value>, timeoutMs: number): Promise<Value> {
  const timer = Promise.withResolvers<never>()
  const handle = setTimeout(
    () => timer.reject(new Error(`no answer within ${timeoutMs} ms`)),
    timeoutMs,
  )
  try {
    return await Promise.race([work, timer.promise])
  } finally {
    clearTimeout(handle)
  }
}
