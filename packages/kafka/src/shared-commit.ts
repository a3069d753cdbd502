/**
 * One commit at a time. Whoever asks while one is under way shares the next: the batches of a fetch, one for each partition,
 * end nearly together, and each commit holds the offsets of all of them.
 */
export class SharedCommit {
  #underWay: Promise<void> | undefined
  #next: Promise<void> | undefined

  /**
   * Resolves when a commit that began after this call has ended.
   *
   * @param commit commits what is resolved when it is called.
   * @throws what that commit throws, to everybody who shares it.
   */
  async join(commit: () => Promise<void>): Promise<void> {
    if (this.#underWay === undefined) return this.#begin(commit)
    this.#next ??= this.#after(this.#underWay, commit)
    return this.#next
  }

  async #after(underWay: Promise<void>, commit: () => Promise<void>): Promise<void> {
    // Its error is told to those who share it.
    await underWay.catch(() => undefined)
    this.#next = undefined
    return this.#begin(commit)
  }

  async #begin(commit: () => Promise<void>): Promise<void> {
    this.#underWay = commit()
    try {
      await this.#underWay
    } finally {
      this.#underWay = undefined
    }
  }
}
