/**
 * What a checkout's path may hold: words of any alphabet, digits, blanks, and `. _ - @ ~ ( ) &`. Every other character means
 * something in a setting that must hold the path, and cannot be escaped there: `,` separates Kafka's folders and Connect's
 * plugins, `:` the entries of a class path; `*?[]{}` are patterns for DuckDB, and `=` makes a column of a folder's name;
 * `+` becomes a blank in Quarkus, `\` a slash in Flink; `#%$!"'` mean something in URLs, class loaders and settings of logs.
 */
const refused = /[!-%'*-,:-?[-^`{-}]|[\p{Cc}\p{Cs}\u2028\u2029\ufffd]/gu

/** The characters of a path with which the servers could not be started, or would keep their data elsewhere. */
export function refusedCharacters(path: string): readonly string[] {
  return [...new Set(path.match(refused) ?? [])]
}

/** True when a path has characters that only a UTF-8 locale can pass to a program. */
export function needsUtf8(path: string): boolean {
  return /[^ -~]/.test(path)
}
