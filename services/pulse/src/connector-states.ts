import { readAtScrape } from '@tenseams/telemetry/readings'
import type { Registry } from 'prom-client'

const states = [
  ...(['running', 'paused', 'stopped'] as const),
  ...(['failed', 'unassigned', 'restarting'] as const),
]

/** What Kafka Connect says of its connectors, by name. */
type Connectors = Readonly<
  Record<
    string,
    {
      readonly status: {
        readonly connector: { readonly state: string }
        readonly tasks: readonly { readonly state: string }[]
      }
    }
  >
>

/**
 * The states of connectors and tasks, as the last look has seen them. Pulse shows them, because it may ask Connect, and is there
 * when Connect is not: then no known connector is in any state, so that a rule for those that do not run sees it.
 */
export class ConnectorStates {
  #seen: Connectors = {}

  constructor(registry: Registry) {
    const each = () => Object.entries(this.#seen)
    readAtScrape(registry, 'tenseams_connector_state', () =>
      each().flatMap(([connector, { status }]) =>
        states.map(
          (state) => [{ connector, state }, isIn(status.connector, state) ? 1 : 0] as const,
        ),
      ),
    )
    readAtScrape(registry, 'tenseams_connector_tasks', () =>
      each().flatMap(([connector, { status }]) =>
        states.map(
          (state) =>
            [
              { connector, state },
              status.tasks.filter((task) => isIn(task, state)).length,
            ] as const,
        ),
      ),
    )
  }

  /** @param seen undefined when Connect did not answer. */
  tell(seen: Connectors | undefined): void {
    this.#seen = seen ?? withoutState(this.#seen)
  }
}

function isIn(part: { readonly state: string }, state: (typeof states)[number]): boolean {
  return part.state.toLowerCase() === state
}

function withoutState(connectors: Connectors): Connectors {
  const gone = { status: { connector: { state: 'unknown' }, tasks: [] } }
  return Object.fromEntries(Object.keys(connectors).map((name) => [name, gone]))
}
