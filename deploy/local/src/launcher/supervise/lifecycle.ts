/**
 * The life of a component:
 *
 *                  start            readied           pause
 *     stopped ───────────▶ starting ───────▶ ready ◀────────▶ paused
 *        ▲                    │                │      resume     │
 *        │ ended              │ ended          │ ended           │
 *     stopping ◀── stop ──────┼────────────────┤                 │
 *        ▲                    ▼                ▼                 │
 *        └───── stop ────── failed ◀───────────┴──── ended ──────┘      kill: from anywhere to stopped
 *
 * `failed` has ended by itself, or has not become ready in time. The state is not kept in memory: any process may look
 * at the run record and at /proc (process.ts) and sees the same.
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

/** A component was told to do what its state does not allow. */
export class MoveRefused extends Error {
  readonly code = 'MOVE_REFUSED'
  readonly retriable = false
}

/**
 * The state that follows.
 *
 * @throws MoveRefused when the state does not allow the move.
 */
export function nextState(name: string, state: State, move: Move): State {
  const next = moves[state][move]
  if (next === undefined) throw new MoveRefused(`${name} is ${state}: it cannot do "${move}" now`)
  return next
}

/** What can be seen of a component from outside, by any process. */
export type Sight = {
  /** A run record is there: somebody has started it and nobody has stopped it in good order. */
  readonly recorded: boolean
  readonly phase: 'starting' | 'ready' | 'stopping'
  readonly process: 'running' | 'paused' | 'gone'
}

/** The state that a sight stands for. */
export function stateOf(sight: Sight): State {
  if (!sight.recorded) return 'stopped'
  if (sight.process === 'gone') return sight.phase === 'stopping' ? 'stopped' : 'failed'
  if (sight.process === 'paused') return 'paused'
  return sight.phase
}
