import { filesNamed, type Tree } from './tree.ts'

/** A command that a document tells its reader to run. */
export type Command = {
  readonly path: string
  /** As it is written, without a comment behind it. */
  readonly text: string
  /** `npm run contracts` is the verb contracts; undefined for another program, such as `npx node test/…`. */
  readonly verb: string | undefined
  readonly parameters: readonly string[]
}

/** What the answer to `--help` of a verb says; for some words of a verb there is a longer one. */
export type Help = (verb: string, word?: string) => Promise<string>

/** Commands in fences and in code marks of every document, each once a document. */
export function documentedCommands(tree: Tree): readonly Command[] {
  return filesNamed(tree, /\.md$/).flatMap(([path, text]) => {
    const found = [...fencedLines(text), ...codeMarks(text)].flatMap(commandsIn)
    return [...new Set(found)].map((command) => ({ path, text: command, ...parts(command) }))
  })
}

/** Words and options of a command that its verb's `--help` does not know. */
export async function unknownParameters(command: Command, help: Help): Promise<readonly string[]> {
  const { verb, parameters } = command
  if (verb === undefined) return []
  const [word = ''] = parameters
  const short = await help(verb)
  const isNamed = isPlain(word) && !word.startsWith('-')
  const unknownWord = isNamed && !new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(short)
  const options = parameters.filter((parameter) => parameter.startsWith('--'))
  const unknown = options.filter((option) => !knows(short, option))
  const long = unknown.length > 0 && isNamed ? await help(verb, word) : ''
  return [
    ...(unknownWord ? [`${command.path}: ${verb} has no "${word}": ${command.text}`] : []),
    ...unknown
      .filter((option) => !knows(long, option))
      .map((option) => `${command.path}: ${verb} has no ${option}: ${command.text}`),
  ]
}

/** `--break=a-guard` must stand in the help as it is, `--kills=3` by its name. */
function knows(help: string, option: string): boolean {
  const [name = '', value = ''] = option.split('=')
  const whole = /^--(?:break|provoke)$/.test(name) && isPlain(value) && value !== 'all'
  const wanted = whole ? `--break=${value}` : name
  return new RegExp(`(?<![\\w-])${wanted}(?![\\w-])`).test(help)
}

/** Not `<part>`, `[<job>]` or `…`, which the reader fills in. */
function isPlain(word: string): boolean {
  return /^[\w-]+$/.test(word)
}

function parts(text: string): Pick<Command, 'verb' | 'parameters'> {
  const [program = '', first = '', second = '', ...rest] = words(text)
  if (program !== 'npm') return { verb: undefined, parameters: [first, second, ...rest] }
  const [verb, after] = first === 'run' ? [second, rest] : [first, [second, ...rest]]
  return { verb, parameters: after.filter((word) => word !== '' && word !== '--') }
}

function words(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
}

function commandsIn(line: string): readonly string[] {
  const plain = line.replace(/\s{2,}.*$|\s+#.*$|\s(?:\|\|?|&&|>)\s.*$/, '').trim()
  return /^(?:npm (?:run [a-z]|start|test)|npx )/.test(plain) ? [plain] : []
}

/** Lines of fenced blocks, and lines that four blanks make a block. */
function fencedLines(text: string): readonly string[] {
  const indented = [...text.matchAll(/^ {4}(\S.*)$/gm)].map(([, line = '']) => line)
  const blocks = [...text.matchAll(/^```(?:(?:sh|bash)(?: [^\n]*)?)?\n([\s\S]*?)^```/gm)]
  return [...indented, ...blocks.flatMap(([, block = '']) => block.split('\n'))]
}

function codeMarks(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '')
  return [...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll(/\s*\n\s*/g, ' '))
}
