import { type Decider, type Decision, fold } from './decider.ts'

/** A decider's test as a sentence: `given(events).when(command)` is the decision. */
export function specify<Command, Event, State, Refusal>(
  decider: Decider<Command, Event, State, Refusal>,
) {
  return {
    given: (...events: readonly Event[]) => ({
      when: (command: Command): Decision<Event, Refusal> =>
        decider.decide(command, fold(decider, events)),
      state: (): State => fold(decider, events),
    }),
  }
}
