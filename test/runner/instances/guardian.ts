import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { pathsOf } from '@tenseams/local/launcher/host/paths'
import { announce, endAtOnce, type StartedInstance } from './instance.ts'
import { answerForChildren, killBelow, ownersVariable } from './owners.ts'

/** The guardian watches as long as this file exists. Ending the instance removes it. */
export function guardedFile(instance: string, root = projectRoot): string {
  return join(pathsOf(root, instance).run, 'guarded')
}

/**
 * Sees to it that an instance which this process is about to start does not outlive it: a signal to this process ends the
 * instance and every child at once, and after a SIGKILL, of this process or of one that answers for it, a guardian in a process
 * of its own does. `npm test` looks for what is left nevertheless.
 *
 * @param onSignal does what else has to be done before this process dies of a signal, without a turn of the event loop.
 * @returns a function that stops listening to signals; call it after the instance was ended.
 */
export function guard(started: StartedInstance, onSignal = (): void => undefined): () => void {
  const { instance, root } = started
  const self = answerForChildren()
  announce(started)
  startGuardian(instance, root)
  return listenToSignals((signal) => {
    killBelow(self)
    endAtOnce(instance, { root })
    onSignal()
    dieOf(signal)
  })
}

/** @returns a function that stops listening. */
export function listenToSignals(listener: (signal: NodeJS.Signals) => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}

/** Nothing that hangs may keep this process: it dies of the signal, as its parent expects. */
export function dieOf(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

function startGuardian(instance: string, root = projectRoot): void {
  const file = guardedFile(instance, root)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '')
  const { [ownersVariable]: owners = '', ...environment } = process.env
  const script = join(import.meta.dirname, 'guardian-main.ts')
  const guardian = spawn(process.execPath, [script, instance, owners, root], {
    cwd: projectRoot,
    // Without owners of its own, so that killing what the owners have left does not kill the guardian.
    env: environment,
    detached: true,
    stdio: 'ignore',
  })
  guardian.unref()
}
