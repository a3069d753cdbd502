import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type { Claim, Proving, Verdict } from './claim.ts'
import type { SinkProcess } from './lake/child.ts'
import { breaks, type Guard, guards } from './lake/faulty-catalog.ts'
import { OtherWriters } from './lake/other-writers.ts'
import { PROGRESS, Scene } from './lake/scene.ts'
import { type Fault, leastKills, type Phase, scheduleOf } from './lake/schedule.ts'
import { verify } from './lake/verdict.ts'

/** Every committed record is in its bronze table once, whatever is killed. */
export const lake: Claim = {
  name: 'lake',
  says: 'every committed record is in its bronze table once, and no aborted one',
  breaks,
  provokes: ['all', ...guards],
  numbers: {
    kills: { default: 20, least: 1, most: 200, what: 'kills' },
    seed: { default: 3, least: 1, most: 1_000_000, what: 'chooses records and faults' },
    records: { default: 200_000, least: 1_000, most: 5_000_000, what: 'records at least' },
  },
  only: ['contracts', 'catalog'],
  prove: async (stack, proving) => {
    const { kills = 20, seed = 3, records = 200_000 } = proving.numbers
    const { broken, provoked } = proving
    const guard = broken ?? provoked
    const recordsPerSecond = guard === undefined ? records / (kills * 8) : 300
    const scene = await Scene.open(stack, { seed, recordsPerSecond, broken })
    try {
      if (guard === undefined) return await underFire(stack, scene, proving)
      for (const one of guard === 'all' ? guards : [guard as Guard]) {
        await provocations[one](scene)
        proving.say(`${one} is provoked`)
      }
      await scene.writer.finish(2_000, 60_000)
      // A new sink makes up for whatever can be made up for.
      await scene.endBoth('SIGTERM')
      await scene.begin('a', 'sharing').catch(() => undefined)
      return await verify(stack, seed)
    } finally {
      await scene.close()
    }
  },
}

/** What each guard protects against, so that its absence is certain to show. */
const provocations: Readonly<Record<Guard, (scene: Scene) => Promise<void>>> = {
  'offsets-outside-commit': async (scene) => {
    await alone(scene)
    await scene.lose('a', 'withheld')
    await scene.sink('a').end('SIGKILL')
    await scene.begin('a', 'sharing')
  },
  'no-compare-and-set': (scene) => overtake(scene, 'sharing'),
  'stale-base': (scene) => overtake(scene, 'racing'),
  'delete-on-unknown': async (scene) => {
    await alone(scene)
    await scene.lose('a', 'answer-lost')
  },
}

/** Only one sink, so that no commit conflicts: the response that is lost is an acceptance. */
async function alone(scene: Scene): Promise<void> {
  await scene.endBoth('SIGTERM')
  await scene.begin('a', 'sharing')
  await scene.someCommits('a', 1)
}

/** One sink is paused right before its commit, while the other commits. */
async function overtake(scene: Scene, phase: Phase): Promise<void> {
  await scene.beginBoth(phase)
  await scene.sink('a').reach({ step: 'before-commit', by: 'stop' })
  await scene.someCommits('b', 3)
  const after = scene.sink('a').commits
  scene.sink('a').goOn()
  await eventually(() => scene.sink('a').commits > after || phase === 'racing', PROGRESS)
  await scene.someCommits('b', 1)
}

async function underFire(stack: Stack, scene: Scene, { numbers, say }: Proving): Promise<Verdict> {
  const { kills = 20, seed = 3, records = 200_000 } = numbers
  const others = await OtherWriters.open(stack.endpoints.catalogUrl)
  try {
    await faults(stack, scene, others, { seed, kills, say })
  } finally {
    others.close()
  }
  await scene.writer.finish(records, 300_000)
  const { kind, lines } = await verify(stack, seed)
  const isEnough = (kills >= leastKills && others.haveInterfered) || kind === 'refuted'
  const told = [`${kills} kills, ${others.told()}`, ...lines]
  return { kind: isEnough ? kind : 'undecided', lines: told }
}

async function faults(
  stack: Stack,
  scene: Scene,
  others: OtherWriters,
  { seed, kills, say }: { readonly seed: number; readonly kills: number } & Pick<Proving, 'say'>,
): Promise<void> {
  let phase: Phase | undefined
  for (const [index, fault] of scheduleOf(seed, kills).entries()) {
    if (fault.phase !== phase) {
      phase = fault.phase
      await scene.beginBoth(phase)
    }
    const { sink: name, kill, disturbance } = fault
    await scene.lose(name, disturbance)
    await inflict(stack, scene.sink(name), kill)
    const commits = () => scene.sink('a').commits + scene.sink('b').commits
    if (scene.sink(name).hasEnded) await scene.begin(name, phase)
    const before = commits()
    await eventually(() => commits() > before, PROGRESS)
    await others.interfere()
    say(`${index + 1} of ${kills}: ${disturbance}, ${JSON.stringify(kill)} of ${name}, ${phase}`)
  }
}

async function inflict(stack: Stack, sink: SinkProcess, kill: Fault['kill']): Promise<void> {
  if (kill.kind === 'kill-at-step') return sink.reach({ step: kill.step, by: 'kill' })
  if (kill.kind === 'kill') {
    await delay(kill.afterMs)
    return sink.end('SIGKILL')
  }
  if (kill.kind === 'catalog') {
    await stack.kill('catalog')
    await delay(kill.awayMs)
    return stack.restart('catalog')
  }
  await sink.reach({ step: kill.step, by: 'stop' })
  await delay(kill.awayMs)
  sink.goOn()
}
