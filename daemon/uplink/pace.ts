/** The first of many at once; of those that follow too fast the newest, when the time has passed. */
export type Pace = (key: string, run: () => void) => void

export function createPace(betweenMs: number): Pace {
  /** By key: within the pause, with what has come meanwhile. */
  const pauses = new Map<string, { next: (() => void) | undefined }>()
  const begin = (key: string, run: () => void) => {
    const pause: { next: (() => void) | undefined } = { next: undefined }
    pauses.set(key, pause)
    setTimeout(() => {
      pauses.delete(key)
      if (pause.next) begin(key, pause.next)
    }, betweenMs)
    run()
  }
  return (key, run) => {
    const pause = pauses.get(key)
    if (pause) pause.next = run
    else begin(key, run)
  }
}
