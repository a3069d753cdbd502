/** Spells settings as a Java properties file, one a line. Our values hold nothing that would need escaping. */
export function propertiesText(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
