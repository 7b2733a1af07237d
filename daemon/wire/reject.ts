/** Why a packet was not taken: a name to count by, and one line for people. Never holds a password. */
import { type Err, err } from '../../contract/result.ts'

export type Reject =
  | 'ip-header' | 'fragment' | 'truncated' | 'version' | 'family' | 'type' | 'hop-limit' | 'vrid' | 'no-addresses'
  | 'length' | 'interval' | 'checksum' | 'authentication-type' | 'authentication' | 'address-list' | 'peer'

export interface Rejected { readonly reject: Reject; readonly detail: string }

export const rejected = (reject: Reject, detail: string): Err<Rejected> => err({ reject, detail })
