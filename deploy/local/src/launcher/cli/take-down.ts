import { setTimeout as pause } from 'node:timers/promises'
import { isSameProcess } from '../host/procfs.ts'
import type { InstanceOptions } from '../supervise/context.ts'
import type { OnProgress } from '../supervise/run-plan.ts'
import { holderOfInstance, openStack, purge, StackRefused } from '../supervise/stack.ts'

const LAUNCHER_TIMEOUT_MS = 180_000

/**
 * Stops an instance, no matter which process started it. A running launcher gets SIGTERM and stops everything itself; what
 * a killed launcher left running is stopped here.
 *
 * @throws StackRefused when the launcher does not exit within three minutes.
 */
export async function takeDown(
  options: InstanceOptions & { readonly onProgress: OnProgress; readonly purge: boolean },
): Promise<void> {
  const stack = await openStack(options)
  await endLauncher(stack.context.paths)
  await stack.stop()
  if (options.purge) purge(stack.context.paths)
}

async function endLauncher(paths: Parameters<typeof holderOfInstance>[0]): Promise<void> {
  const launcher = holderOfInstance(paths)
  if (launcher === undefined || launcher.pid === process.pid) return
  process.kill(launcher.pid, 'SIGTERM')
  const deadline = Date.now() + LAUNCHER_TIMEOUT_MS
  while (isSameProcess(launcher)) {
    if (Date.now() > deadline) {
      throw new StackRefused(`the launcher, process ${launcher.pid}, does not exit`)
    }
    await pause(100)
  }
}
