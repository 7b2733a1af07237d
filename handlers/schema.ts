/** The tables of an inbox. Each entry brings a file one version further; entries are added, never changed. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE event (
    row INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of arrival
    host TEXT NOT NULL, boot TEXT NOT NULL, sequence INTEGER NOT NULL,
    id TEXT NOT NULL,                      -- unique by host; the host in an event is that of its source
    body TEXT NOT NULL,
    batch INTEGER,                         -- what it waits in
    finished_at INTEGER, outcome TEXT,     -- wall milliseconds; done, skipped because …, given up because …
    UNIQUE (host, id)
  );
  CREATE INDEX event_by_boot ON event (host, boot, sequence);
  CREATE INDEX event_by_batch ON event (batch) WHERE batch IS NOT NULL;
  CREATE TABLE batch (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT,
    id TEXT,                               -- given with the first attempt; from then on nothing joins
    since INTEGER NOT NULL,                -- wall milliseconds: when it was decided …
    due INTEGER NOT NULL,                  -- … that it is to be run then
    attempts INTEGER NOT NULL DEFAULT 0,
    why TEXT                               -- it did not work last time
  );
  CREATE INDEX batch_by_due ON batch (due);
  CREATE TABLE boot ( -- one run of a daemon; all its events up to floor are finished
    host TEXT, boot TEXT, floor INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
    PRIMARY KEY (host, boot)
  );
  CREATE TABLE dead_letter (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL, why TEXT NOT NULL, attempts INTEGER NOT NULL, body TEXT NOT NULL,
    print TEXT UNIQUE,                     -- of what cannot be read and so has no id, to keep it once
    told INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL);
`,
]

export interface BootRow {
  readonly host: string
  readonly boot: string
  readonly floor: number
  readonly first_seen: number
  readonly last_seen: number
}
export interface LetterRow {
  readonly row: number
  readonly at: number
  readonly why: string
  readonly attempts: number
  readonly body: string
}
