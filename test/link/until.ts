/** Waits for a condition, looking again after each turn of the event loop; says what it waited for when time is up. */
export async function until(what: string, condition: () => boolean, deadline = 10_000): Promise<void> {
  const end = performance.now() + deadline
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${deadline} ms for: ${what}`)
    await new Promise((resolve) => { setTimeout(resolve, 5) })
  }
}
