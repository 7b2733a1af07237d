/** Packets as rows: the payload as it is (SQLite keeps text and bytes apart), everything else as JSON. */

/** What aedes hands a persistence. Payload is bytes from the wire; text from code. */
export interface Packet {
  cmd?: string
  topic: string
  payload: Buffer | string
  qos?: number
  retain?: boolean
  dup?: boolean
  messageId?: number | undefined
  brokerId?: string
  brokerCounter?: number
  clientId?: string
}

export interface Row { readonly fields: string; readonly payload: Uint8Array | string | null }

export function toRow(packet: Packet): Row {
  const { payload, messageId: _, ...fields } = packet
  return { fields: JSON.stringify(fields), payload: payload ?? '' }
}

export function fromRow(row: Row): Packet {
  const { payload } = row
  const fields = JSON.parse(row.fields) as Omit<Packet, 'payload'>
  return { ...fields, payload: typeof payload === 'string' ? payload : bytes(payload) }
}

const bytes = (b: Uint8Array | null) => (b ? Buffer.from(b.buffer, b.byteOffset, b.byteLength) : Buffer.alloc(0))

/** The shape in which aedes passes packets on, without what belongs to the sender and its connection. */
export function forwarded(p: Packet): Packet {
  return {
    cmd: p.cmd ?? 'publish', topic: p.topic, payload: p.payload,
    qos: p.qos ?? 0, retain: p.retain ?? false, dup: p.dup ?? false,
    brokerId: p.brokerId ?? '', brokerCounter: p.brokerCounter ?? 0,
  }
}
