import { createRequire } from 'node:module'

/**
 * Changes a module of kafkajs, once however often it is asked to and from however many copies of our own modules.
 *
 * @param file below kafkajs/src, without its ending.
 * @param name of the change, no two of which are the same.
 */
export function changeKafkajs<Exported extends object>(
  file: string,
  name: string,
  change: (exported: Exported) => void,
): void {
  const done = Symbol.for(`tenseams.${name}`)
  const exported: Exported & { [done]?: true } = createRequire(import.meta.url)(
    `kafkajs/src/${file}`,
  )
  if (exported[done]) return
  change(exported)
  exported[done] = true
}
