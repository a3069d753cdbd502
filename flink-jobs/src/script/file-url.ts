/**
 * The URL by which Flink finds a file or folder on this machine. Flink's `Path`, like Hadoop's, takes the text after the
 * scheme as it is: with `pathToFileURL` the state of a checkout below a folder named `José` would be in a folder `Jos%C3%A9`
 * elsewhere.
 */
export function flinkFileUrl(path: string): string {
  return `file://${path}`
}
