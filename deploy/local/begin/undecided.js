/**
 * Loaded before a verb: what keeps it from being loaded, such as a package that is missing or a file that cannot be parsed, is
 * no verdict. Node would exit with 1, which means "refuted". A verb that is loaded handles its own errors (run-verb.ts).
 */
process.once('uncaughtException', (error) => {
  console.error(error instanceof Error ? error.stack : error)
  process.exit(2)
})
