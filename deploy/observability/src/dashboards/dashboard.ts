/** A dashboard as data. `grafana.ts` makes Grafana's JSON of it. */
export type Dashboard = {
  /** Part of its address in Grafana, and the name of its file. */
  readonly uid: string
  readonly title: string
  /** Whom it serves, and what is decided by it. */
  readonly says: string
  readonly rows: readonly Row[]
}

export type Row = { readonly title: string; readonly panels: readonly Panel[] }

export type Panel = {
  /** A question, or a plain fact. */
  readonly title: string
  readonly unit: Unit
  /** PromQL by the legend of its series, in which labels are written like `{{group}}`. */
  readonly queries: Readonly<Record<string, string>>
  /** What to look for, and what it means. */
  readonly look: string
  /** The alerts about it, whose pages and runbooks are linked. */
  readonly alerts?: readonly string[]
  /** From here on it is red; `below` is for what is bad when it is small. */
  readonly bad?: { readonly above: number } | { readonly below: number }
}

/** Grafana's names of units that are used here. `percentunit` is a share, 1 being all of it. */
export type Unit = 'bytes' | 'Bps' | 'cps' | 'ms' | 'none' | 'percentunit' | 'reqps' | 's' | 'short'

/** Every panel of a dashboard, in its order. */
export function panelsOf({ rows }: Dashboard): readonly Panel[] {
  return rows.flatMap(({ panels }) => panels)
}
