import { type Fence, type FenceKind, fenceKinds, type Mistake, sectionsOf } from './page.ts'

const DEFAULT_SECONDS = { check: 60, act: 120, verify: 60 } as const satisfies Record<
  FenceKind,
  number
>
const MOST_SECONDS = 1_800
const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/

/** Commands that end, remove or overwrite something. Whoever runs one is asked before. */
const destructive: readonly RegExp[] = [
  /\bstack -- (?:stop|kill|pause|restart|down)\b/,
  /\bcdc -- (?:pause|recover)\b/,
  /\blake -- (?:accept-log|remove-foreign|orphans|expire)\b(?!.*--dry-run)/,
  /\bjobs -- (?:stop|upgrade)\b/,
  /\bsecrets -- rotate\b/,
  /\bkafka-consumer-groups\.sh\b[\s\S]*--(?:execute|delete)\b/,
  /\bkafka-transactions\.sh\b[\s\S]*\b(?:abort|forceTerminateTransaction)\b/,
  /\bkafka-(?:topics|configs|acls)\.sh\b[\s\S]*--(?:delete|alter|remove)\b/,
  /\bkill\b/,
  /\brm\b/,
  /\bcurl\b[\s\S]*-X (?:DELETE|PUT|PATCH)\b/,
  /\bpsql\b[\s\S]*\b(?:delete from|update \S+ set|insert into|drop|truncate|alter|grant|revoke|pg_terminate_backend|pg_drop_replication_slot)\b/i,
  /\bkubectl (?:delete|rollout restart|scale)\b/,
]

/** Commands that change something and can simply be repeated or undone. */
const changing: readonly RegExp[] = [
  ...destructive,
  /\bstack -- (?:up|resume)\b/,
  /\bcdc -- (?:resume|snapshot)\b/,
  /\bdlq -- replay\b(?!.*--dry-run)/,
  /\bcontracts -- publish\b/,
  /\bjobs -- (?:submit|rescale)\b/,
  /\blake -- compact\b(?!.*--dry-run)/,
  /\bread-model -- rebuild\b/,
  /\bcurl\b[\s\S]*-X POST\b/,
]

export type FenceLine = { readonly info: string; readonly line: number }

/** What a fence's first line says: ```` ```sh <kind> <name> [destroys] [within=<seconds>] ````. */
export function readFence(
  { info, line }: FenceLine,
  command: string,
  section: Fence['section'],
): { readonly fence: Fence | undefined; readonly mistakes: readonly Mistake[] } {
  const mistakes: Mistake[] = []
  const complain = (says: string) => void mistakes.push({ line, says })
  const [, kindWord = '', name = '', ...options] = info.split(/\s+/)
  const kind = fenceKinds.find((each) => each === kindWord)
  if (kind === undefined) {
    complain(`commands are \`\`\`sh <${fenceKinds.join('|')}> <name>, not "${info}"`)
    return { fence: undefined, mistakes }
  }
  if (!NAME.test(name)) complain(`"${name}" is no name of commands: it has a-z, 0-9 and -`)
  const within = secondsIn(options, kind, complain)
  const fence: Fence = {
    ...{ name, kind, section, line, command },
    destroys: options.includes('destroys'),
    withinSeconds: within,
  }
  judge(fence, complain)
  return { fence, mistakes }
}

function secondsIn(
  options: readonly string[],
  kind: FenceKind,
  complain: (says: string) => void,
): number {
  let within: number = DEFAULT_SECONDS[kind]
  for (const option of options) {
    if (option === 'destroys') continue
    const seconds = Number(/^within=(\d+)$/.exec(option)?.[1])
    if (seconds > 0 && seconds <= MOST_SECONDS) within = seconds
    else complain(`"${option}" is neither destroys nor within=<1 to ${MOST_SECONDS}>`)
  }
  return within
}

function judge(fence: Fence, complain: (says: string) => void): void {
  const { kind, name, section, command, destroys } = fence
  const text = withoutComments(command)
  if (!sectionsOf[kind].includes(section)) {
    complain(`"${name}" is ${kind}, which stands under ${sectionsOf[kind].join(' or ')}`)
  }
  if (text.trim() === '') complain(`"${name}" has no command`)
  const found = (patterns: readonly RegExp[]) =>
    patterns.map((pattern) => pattern.exec(text)?.[0]).find((each) => each !== undefined)
  const changed = found(changing)
  if (kind !== 'act' && changed !== undefined) {
    complain(`"${name}" is ${kind}, and changes something by "${firstWords(changed)}"`)
  }
  if (kind !== 'act' && destroys) complain(`"${name}" is ${kind}, which destroys nothing`)
  const destroyed = found(destructive)
  if (kind === 'act' && destroyed !== undefined && !destroys) {
    complain(`"${name}" must be marked destroys, because of "${firstWords(destroyed)}"`)
  }
}

function withoutComments(command: string): string {
  return command.replaceAll(/(^|\s)#.*$/gm, '$1')
}

function firstWords(text: string): string {
  return text.split(/\s+/).slice(0, 4).join(' ')
}
