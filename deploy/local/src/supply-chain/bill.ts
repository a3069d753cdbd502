/** A part of the system that somebody else made, as a bill of materials has it. */
export type Part = {
  /** Such as `org.lz4:lz4-java` or `@fastify/static`. */
  readonly name: string
  readonly version: string
  /** Each one is a choice, or an expression of SPDX; empty when its makers declare none. */
  readonly licences: readonly string[]
}

type Bill = {
  readonly components: readonly Component[]
  readonly dependencies?: readonly {
    readonly ref: string
    readonly dependsOn?: readonly string[]
  }[]
}

type Component = {
  readonly 'bom-ref'?: string
  readonly group?: string
  readonly name: string
  readonly version?: string
  readonly purl?: string
  readonly licenses?: readonly {
    readonly license?: { readonly id?: string; readonly name?: string }
    readonly expression?: string
  }[]
}

/**
 * The parts of a bill in CycloneDX's JSON, without those that are ours.
 *
 * @throws Error when the text is no such bill.
 */
export function partsOf(text: string): readonly Part[] {
  const bill = JSON.parse(text) as { bomFormat?: string; components?: readonly Component[] }
  if (bill.bomFormat !== 'CycloneDX' || bill.components === undefined) {
    throw new Error('this is no bill of materials of CycloneDX')
  }
  return bill.components
    .filter(({ purl = '' }) => !/^pkg:npm\/(%40|@)tenseams\//.test(purl))
    .map((component) => ({
      name: nameOf(component),
      version: component.version ?? '',
      licences: (component.licenses ?? []).flatMap(
        ({ license, expression }) => expression ?? license?.id ?? license?.name ?? [],
      ),
    }))
}

/**
 * A bill without the parts whose file is not installed: Maven knows what a part needs, and the pom leaves out what its host has
 * already. Of a part with several files, one is enough.
 *
 * @param files the names of the installed files.
 */
export function withoutLeftOut(text: string, files: readonly string[]): string {
  const bill = JSON.parse(text) as Bill
  const isLeftOut = ({ name, version = '' }: Component) =>
    !files.some((file) => file.startsWith(`${name}-${version}`))
  const leftOut = new Set(bill.components.filter(isLeftOut).map((each) => each['bom-ref']))
  const dependencies = bill.dependencies
    ?.filter(({ ref }) => !leftOut.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: dependsOn.filter((each) => !leftOut.has(each)),
    }))
  return `${JSON.stringify(
    {
      ...bill,
      components: bill.components.filter((each) => !leftOut.has(each['bom-ref'])),
      ...(dependencies && { dependencies }),
    },
    null,
    2,
  )}\n`
}

function nameOf({ group, name, purl = '' }: Component): string {
  if (group === undefined) return decodeURIComponent(/^pkg:npm\/([^@]+)@/.exec(purl)?.[1] ?? name)
  return purl.startsWith('pkg:npm/') ? `${group}/${name}` : `${group}:${name}`
}
