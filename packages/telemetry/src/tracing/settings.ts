/** Where spans go, and how many traces are recorded. */
export type TracingSettings = {
  /** Nothing is recorded, whatever else is set. */
  readonly OTEL_SDK_DISABLED: boolean
  /** Separated by commas: `zipkin`, `otlp`; `none` records nothing. */
  readonly OTEL_TRACES_EXPORTER: string
  readonly OTEL_EXPORTER_ZIPKIN_ENDPOINT: string
  readonly TRACES_PER_SECOND: number
}
