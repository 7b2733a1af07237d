/** The rooms that this program starts. Loaded only when asked for, so that `understudy status` loads no broker. */
export type { Reading } from '../daemon/main.ts'

export const daemon = () => import('../daemon/main.ts')
export const orders = () => import('../daemon/uplink/orders.ts')
export const broker = () => import('../broker/main.ts')
export const handlers = () => import('../handlers/main.ts')
