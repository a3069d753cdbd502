/**
 * The lifecycle of a component:
 *
 *                  start            readied           pause
 *     stopped ───────────▶ starting ───────▶ ready ◀────────▶ paused
 *        ▲                    │                │      resume     │
 *        │ ended              │ ended          │ ended           │
 *     stopping ◀── stop ──────┼────────────────┤                 │
 *        ▲                    ▼                ▼                 │
 *        └───── stop ────── failed ◀───────────┴──── ended ──────┘      kill: from anywhere to stopped
 *
 * A component is `failed` when it exited by itself or did not become ready in time. A failed service is started again by the
 * instance's watcher (watcher.ts). The state is not kept in memory: every
 * process derives the same one from the run record and /proc (supervisor.ts).
 */
export type State = 'stopped' | 'starting' | 'ready' | 'paused' | 'stopping' | 'failed'
export type Move = 'start' | 'readied' | 'pause' | 'resume' | 'stop' | 'ended' | 'kill'

const moves: Record<State, Record<Move, State | undefined>> = {
  stopped: {
    start: 'starting',
    readied: undefined,
    pause: undefined,
    resume: undefined,
    stop: 'stopped',
    ended: 'stopped',
    kill: undefined,
  },
  starting: {
    start: undefined,
    readied: 'ready',
    pause: undefined,
    resume: undefined,
    stop: 'stopping',
    ended: 'failed',
    kill: 'stopped',
  },
  ready: {
    start: undefined,
    readied: 'ready',
    pause: 'paused',
    resume: undefined,
    stop: 'stopping',
    ended: 'failed',
    kill: 'stopped',
  },
  paused: {
    start: undefined,
    readied: undefined,
    pause: undefined,
    resume: 'ready',
    stop: 'stopping',
    ended: 'failed',
    kill: 'stopped',
  },
  stopping: {
    start: undefined,
    readied: undefined,
    pause: undefined,
    resume: undefined,
    stop: 'stopping',
    ended: 'stopped',
    kill: 'stopped',
  },
  failed: {
    start: 'starting',
    readied: undefined,
    pause: undefined,
    resume: undefined,
    stop: 'stopping',
    ended: 'failed',
    kill: 'stopped',
  },
}

/** The component's state does not allow the move. */
export class MoveRefused extends Error {
  readonly code = 'MOVE_REFUSED'
  readonly retriable = false
}

/**
 * The state after a move.
 *
 * @throws MoveRefused when the state does not allow the move.
 */
export function nextState(name: string, state: State, move: Move): State {
  const next = moves[state][move]
  if (next === undefined) throw new MoveRefused(`${name} is ${state}: it cannot do "${move}" now`)
  return next
}

/** What any process can observe of a component. */
export type Observation = {
  /** There is a run record: the component was started and not stopped since. */
  readonly recorded: boolean
  readonly phase: 'starting' | 'ready' | 'stopping'
  readonly process: 'running' | 'paused' | 'gone'
}

/** The state that an observation stands for. */
export function stateOf(observed: Observation): State {
  if (!observed.recorded) return 'stopped'
  if (observed.process === 'gone') return observed.phase === 'stopping' ? 'stopped' : 'failed'
  if (observed.process === 'paused') return 'paused'
  return observed.phase
}
