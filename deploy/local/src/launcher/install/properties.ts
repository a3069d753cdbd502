/**
 * Settings as the text of a Java properties file. Java reads such a file as ISO-8859-1, so what is not ASCII is written as
 * `\uXXXX`; backslashes, line breaks and a blank at the beginning of a value are escaped too, and in a name whatever would
 * end it.
 */
export function propertiesText(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${escapedName(name)}=${escapedValue(String(value))}\n`)
    .join('')
}

const named: Readonly<Record<string, string>> = {
  ...{ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f' },
}

function escapedValue(text: string): string {
  return text.replaceAll(/\\|[^ -~]/g, escaped).replace(/^ /, '\\ ')
}

function escapedName(text: string): string {
  return text.replaceAll(/[\\ =:#!]|[^ -~]/g, (character) => {
    return ' =:#!'.includes(character) ? `\\${character}` : escaped(character)
  })
}

/** Without the flag `u`, a pattern matches each half of a surrogate pair by itself, as Java expects it. */
function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16).padStart(4, '0')
  return named[character] ?? `\\u${code}`
}
