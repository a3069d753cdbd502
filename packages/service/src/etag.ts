/** The entity tag of a version (RFC 9110, section 8.8.3): strong, because a version never comes to say something else. */
export function etagOf(version: bigint): string {
  return `"${version}"`
}

/** Whether If-None-Match names this tag: `W/` makes no difference there, and `*` is any. */
export function isNamedWeakly(header: string, etag: string): boolean {
  return tagsOf(header).some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)
}

/** Whether If-Match names this tag: a weak one never does. */
export function isNamedStrongly(header: string, etag: string): boolean {
  return tagsOf(header).some((tag) => tag === '*' || tag === etag)
}

function tagsOf(header: string): readonly string[] {
  return header.split(',').map((tag) => tag.trim())
}
