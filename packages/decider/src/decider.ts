/**
 * Decides without I/O: `decide` returns the events of a command, `evolve` applies an event to the state. Both are pure;
 * time, ids and prices are part of the command. `evolve` never refuses.
 *
 * The form is Jérémie Chassaing's decider (https://thinkbeforecoding.com/post/2021/12/17/functional-event-sourcing-decider).
 */
export type Decider<Command, Event, State, Refusal> = {
  readonly initialState: State
  readonly evolve: (state: State, event: Event) => State
  readonly decide: (command: Command, state: State) => Decision<Event, Refusal>
}

/** Events to append, or the reason for refusing. Accepted without events means: already applied. */
export type Decision<Event, Refusal> =
  | { readonly kind: 'accepted'; readonly events: readonly Event[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

export function accept<Event>(...events: readonly Event[]): Decision<Event, never> {
  return { kind: 'accepted', events }
}

export function refuse<Refusal>(refusal: Refusal): Decision<never, Refusal> {
  return { kind: 'refused', refusal }
}

/** The state after a stream's events, in the order of their versions. */
export function fold<Command, Event, State, Refusal>(
  decider: Decider<Command, Event, State, Refusal>,
  events: Iterable<Event>,
): State {
  let state = decider.initialState
  for (const event of events) state = decider.evolve(state, event)
  return state
}
