/** The three rooms that this program starts. Loaded only when asked for, so that `understudy status` loads no broker. */
export const rooms = {
  daemon: () => import('../daemon/main.ts'),
  broker: () => import('../broker/main.ts'),
  handlers: () => import('../handlers/main.ts'),
}
