/** The entity tag of a version (RFC 9110, section 8.8.3): strong, because a version's content never changes. */
export function etagOf(version: bigint): string {
  return `"${version}"`
}

/** Whether If-None-Match names this tag: `W/` is ignored there, and `*` matches any tag. */
export function isNamedWeakly(header: string, etag: string): boolean {
  return tagsOf(header).some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)
}

/** Whether If-Match names this tag: a weak tag never matches. */
export function isNamedStrongly(header: string, etag: string): boolean {
  return tagsOf(header).some((tag) => tag === '*' || tag === etag)
}

function tagsOf(header: string): readonly string[] {
  return header.split(',').map((tag) => tag.trim())
}
