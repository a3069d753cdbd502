import type { RolloutCommand, Status } from './states.ts'

/**
 * The states of a rollout and its moves:
 *
 *               start                 acts done                  gate passed N times, and promoted
 *   planned ───────────▶ entering ───────────────▶ watching ──────────────────────────────────────▶ entering the next step
 *      ▲ (start again)    │    ▲                    │  ▲  │         …after the last one: ─────────▶ completed
 *   aborted               │    └── killed: again    │  │  └─ no verdict, person, kill switch ──┐      │
 *      ▲                  │ acts fail,              │  └──────────── start ─────────────── paused     │
 *      │ before step 0    │ kill switch             │ gate fails                              │       │
 *      │                  ▼                         ▼                                         ▼       ▼
 *      └───────────── returning ◀──────────── a rule fails, `rollback`, `abort` ──────────────┴───────┘
 *                      │    ▲
 *      killed: again ──┴────┘        at the step it returns to: paused
 *
 * Each move is written to the log before anything acts, and everything that acts is idempotent, so a kill repeats acts and never
 * skips any. From every state but `planned` and `aborted` a path leads to `returning`, and from there only to `paused` or `aborted`.
 */
export type CommandKind = RolloutCommand['kind']

/** Where a command leads, `stay` included for what changes nothing; or why it is refused. */
type Cell = readonly (Status | 'stay')[] | string

const notStarted = 'it is not started: `npm run rollout -- start` does'
const isAborted = 'it was aborted: `npm run rollout -- start` begins anew'
const isReturning =
  'it is on its way back: wait until `npm run rollout -- status` says paused or aborted'
const isEntering = 'a step is being entered: wait, or roll back'
const isOver = 'it is completed: `npm run rollout -- rollback` undoes its last steps'
/** A controller that was replaced, or that repeats what a kill has left. */
const stale = 'this is about a step that is no longer under way'

export const moves = {
  planned: {
    start: ['entering'],
    promote: notStarted,
    pause: notStarted,
    rollback: notStarted,
    abort: notStarted,
    kill: ['stay'],
    'finish-entry': stale,
    'fail-entry': stale,
    observe: stale,
    'finish-return': stale,
    'fail-return': stale,
  },
  entering: {
    start: ['stay'],
    promote: isEntering,
    pause: isEntering,
    rollback: ['returning'],
    abort: ['returning'],
    kill: ['returning'],
    'finish-entry': ['watching'],
    'fail-entry': ['entering', 'returning'],
    observe: stale,
    'finish-return': stale,
    'fail-return': stale,
  },
  watching: {
    start: ['stay'],
    promote: ['entering', 'completed'],
    pause: ['paused'],
    rollback: ['returning'],
    abort: ['returning'],
    kill: ['paused'],
    'finish-entry': stale,
    'fail-entry': stale,
    observe: ['watching', 'paused', 'returning', 'entering', 'completed'],
    'finish-return': stale,
    'fail-return': stale,
  },
  paused: {
    start: ['watching'],
    promote: 'it is paused: `npm run rollout -- start` goes on, and its gate must pass anew',
    pause: ['stay'],
    rollback: ['returning'],
    abort: ['returning'],
    kill: ['stay'],
    'finish-entry': stale,
    'fail-entry': stale,
    observe: ['paused', 'returning'],
    'finish-return': stale,
    'fail-return': stale,
  },
  returning: {
    start: isReturning,
    promote: isReturning,
    pause: isReturning,
    rollback: ['stay'],
    abort: ['returning', 'stay'],
    kill: ['stay'],
    'finish-entry': stale,
    'fail-entry': stale,
    observe: stale,
    'finish-return': ['returning', 'paused', 'aborted'],
    'fail-return': ['returning', 'stay'],
  },
  aborted: {
    start: ['entering'],
    promote: isAborted,
    pause: isAborted,
    rollback: isAborted,
    abort: ['stay'],
    kill: ['stay'],
    'finish-entry': stale,
    'fail-entry': stale,
    observe: stale,
    'finish-return': stale,
    'fail-return': stale,
  },
  completed: {
    start: isOver,
    promote: isOver,
    pause: isOver,
    rollback: ['returning'],
    abort: ['returning'],
    kill: ['stay'],
    'finish-entry': stale,
    'fail-entry': stale,
    observe: stale,
    'finish-return': stale,
    'fail-return': stale,
  },
} as const satisfies Readonly<Record<Status, Readonly<Record<CommandKind, Cell>>>>

/** Why a command is refused in a state; undefined when it is not. */
export function refusalOf(status: Status, kind: CommandKind): string | undefined {
  const cell: Cell = moves[status][kind]
  return typeof cell === 'string' ? cell : undefined
}
